package io.github.dnd4j.internal;

import io.github.dnd4j.FileAccessException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files and directories that appear whole or not at all: they are written beside their destination
 * under a temporary name and moved there when complete.
 *
 * <p>That holds for a process that is killed, and for files of up to 64 MiB also for a machine that
 * loses its power: they are on the disk before they get their name. Larger ones are not waited for,
 * as that takes several times as long as writing them; after a loss of power their end may be
 * missing.
 */
public final class AtomicFiles {

  private static final Logger log = LoggerFactory.getLogger(AtomicFiles.class);

  /** The names that {@link #write} gives to what it has not finished. */
  private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.[0-9a-f-]{36}\\.tmp");

  /** Writes the content of a temporary file or directory. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Writes the content.
     *
     * @param temporary where to
     * @throws IOException if that fails; nothing is left behind then
     */
    void write(Path temporary) throws IOException;
  }

  private AtomicFiles() {}

  /**
   * Writes a file, replacing one that is there. Missing parent folders are made.
   *
   * @param destination the file
   * @param writer writes its content
   * @throws FileAccessException if it cannot be written; the destination is then as it was before
   */
  public static void writeFile(Path destination, Writer writer) {
    if (Files.isDirectory(destination)) {
      throw new FileAccessException(
          destination + " is a directory, but a file is to be written there: choose another name");
    }
    write(
        destination,
        temporary -> {
          writer.write(temporary);
          moveDurably(temporary, destination);
        });
  }

  /**
   * Writes a directory. If it does not exist yet it appears with all its files at once; else each
   * file that the writer makes replaces the one of its name, one after the other.
   *
   * @param destination the directory
   * @param writer writes files into the empty directory that it is given
   * @throws FileAccessException if it cannot be written
   */
  public static void writeDirectory(Path destination, Writer writer) {
    if (Files.exists(destination) && !Files.isDirectory(destination)) {
      throw new FileAccessException(
          destination + " is a file, but a directory is to be written there: choose another place");
    }
    write(
        destination,
        temporary -> {
          Files.createDirectory(temporary);
          writer.write(temporary);
          if (Files.isDirectory(destination)) {
            moveFiles(temporary, destination);
          } else {
            moveDurably(temporary, destination);
          }
        });
  }

  private static void write(Path destination, Writer writer) {
    Path absolute = destination.toAbsolutePath();
    if (absolute.getFileName() == null) {
      throw new FileAccessException(
          destination + " is the root of a file system: choose a folder in it");
    }
    Path temporary =
        absolute.resolveSibling("." + absolute.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.createDirectories(absolute.getParent());
      writer.write(temporary);
    } catch (IOException | UncheckedIOException e) {
      throw new FileAccessException(
          "cannot write "
              + destination
              + ": "
              + describe(e)
              + ". Check that the folder can be written and that the disk has room",
          e);
    } finally {
      deleteQuietly(temporary);
    }
  }

  private static String describe(Exception e) {
    Throwable cause = e instanceof UncheckedIOException ? e.getCause() : e;
    return cause.getClass().getSimpleName() + " " + cause.getMessage();
  }

  private static void moveDurably(Path from, Path to) throws IOException {
    boolean forced = DiskSync.force(from);
    move(from, to);
    if (forced) {
      DiskSync.forceNames(to.toAbsolutePath().getParent());
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void moveFiles(Path from, Path to) throws IOException {
    try (var files = Files.list(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        moveDurably(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      deleteAll(path);
    } catch (IOException e) {
      // The temporary file stays; what the caller must know is the error on its way.
      log.warn("could not delete the temporary {}", path, e);
    }
  }

  /**
   * Deletes a file, or a directory with all that is in it.
   *
   * @param path what to delete; nothing happens if it is not there
   * @throws FileAccessException if that fails
   */
  public static void delete(Path path) {
    try {
      deleteAll(path);
    } catch (IOException e) {
      throw new FileAccessException("cannot delete " + path + ": " + describe(e), e);
    }
  }

  /**
   * Deletes what processes that were killed while they wrote have left in a folder.
   *
   * @param folder the folder, which nobody may be writing to; nothing happens if it is not there
   * @throws FileAccessException if that fails
   */
  public static void deleteLeftovers(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (var entries = Files.list(folder)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        if (TEMPORARY.matcher(entry.getFileName().toString()).matches()) {
          log.info("deleting {}, which was never written to its end", entry);
          deleteAll(entry);
        }
      }
    } catch (IOException e) {
      throw new FileAccessException("cannot tidy up " + folder + ": " + describe(e), e);
    }
  }

  private static void deleteAll(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException e)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
