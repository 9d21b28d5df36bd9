package io.github.dnd4j.examples;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.internal.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resources of the class path as files, for what reads nothing but files: a temporary folder, gone
 * when this is closed.
 */
final class ResourceFiles implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ResourceFiles.class);

  private final Path folder;

  private ResourceFiles(Path folder) {
    this.folder = folder;
  }

  /**
   * Copies resources into a new temporary folder.
   *
   * @param loader where they are looked for
   * @param parent the path that they have in common, such as {@code io/github/dnd4j/examples}
   * @param names what follows in their paths, and their names as files
   * @param remedy what to do if one is missing, for the message
   * @throws FileAccessException if one is missing or cannot be copied; then nothing is left behind
   */
  static ResourceFiles unpack(
      ClassLoader loader, String parent, List<String> names, String remedy) {
    try {
      ResourceFiles files = new ResourceFiles(Files.createTempDirectory("dnd4j-"));
      try {
        for (String name : names) {
          files.copy(loader, parent + "/" + name, name, remedy);
        }
        return files;
      } catch (IOException | RuntimeException e) {
        files.close();
        throw e;
      }
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot unpack "
              + parent
              + " into the folder for temporary files: "
              + e
              + ". Check that "
              + System.getProperty("java.io.tmpdir")
              + " can be written and has room, or choose another with -Djava.io.tmpdir",
          e);
    }
  }

  private void copy(ClassLoader loader, String resource, String name, String remedy)
      throws IOException {
    URL url = loader.getResource(resource);
    if (url == null) {
      throw new FileAccessException("the class path has no " + resource + ": " + remedy);
    }
    try (InputStream in = url.openStream()) {
      Files.copy(in, folder.resolve(name));
    }
  }

  Path folder() {
    return folder;
  }

  @Override
  public void close() {
    try {
      AtomicFiles.delete(folder);
    } catch (FileAccessException e) {
      // Who closes this has what it came for, or an error on its way that matters more.
      log.warn("could not delete the temporary {}", folder, e);
    }
  }
}
