package io.github.dnd4j.examples.bench;

import io.github.dnd4j.FileAccessException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder for what is written to be measured only. */
final class TemporaryFolder {

  private TemporaryFolder() {}

  /** Makes one; the caller deletes it. */
  static Path make() {
    try {
      return Files.createTempDirectory("dnd-bench");
    } catch (IOException e) {
      throw new FileAccessException("cannot make a temporary folder: " + e, e);
    }
  }
}
