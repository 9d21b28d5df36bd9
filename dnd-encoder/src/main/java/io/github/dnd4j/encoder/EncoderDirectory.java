package io.github.dnd4j.encoder;

import io.github.dnd4j.FileAccessException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory with an encoder in it, as transformers saves it.
 *
 * @param path where it is
 * @param needs the files that must be there, for messages
 */
record EncoderDirectory(Path path, String needs) {

  /** The directory's name, which is the model's. */
  String name() {
    Path name = path.toAbsolutePath().normalize().getFileName();
    return name == null ? path.toString() : name.toString();
  }

  Path file(String name) {
    return path.resolve(name);
  }

  boolean has(String name) {
    return Files.exists(file(name));
  }

  byte[] read(String name) {
    try {
      return Files.readAllBytes(file(name));
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + file(name) + ". An encoder's directory needs " + needs + ": " + e, e);
    }
  }
}
