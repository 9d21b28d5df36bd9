package io.github.dnd4j.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Waits until files are on the disk, so that a loss of power cannot take away their content after
 * they have got their name. For large ones that takes several times as long as writing them does,
 * so it is done for those up to {@link #LARGEST} bytes.
 */
final class DiskSync {

  /** Enough for configurations and adapters; decoders and merged models are larger. */
  static final long LARGEST = 64L << 20;

  private DiskSync() {}

  /**
   * Waits for a file, or for all files of a directory and then for their names.
   *
   * @param path the file or directory
   * @return whether all of it is on the disk; false if there was a file that is too large
   */
  static boolean force(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return forceFile(path);
    }
    boolean all = true;
    try (var files = Files.list(path)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        all &= force(file);
      }
    }
    if (all) {
      forceNames(path);
    }
    return all;
  }

  private static boolean forceFile(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    return true;
  }

  /**
   * Waits for the names in a folder. Windows opens no folders, and some file systems cannot do it:
   * there a name may be lost, but no name without its content appears.
   *
   * @param folder the folder
   */
  static void forceNames(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // As said above.
    }
  }
}
