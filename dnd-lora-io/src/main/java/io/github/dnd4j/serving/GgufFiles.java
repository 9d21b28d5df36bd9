package io.github.dnd4j.serving;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The files of llama.cpp and Ollama, which have to be of one format. */
final class GgufFiles {

  private static final byte[] MAGIC = "GGUF".getBytes(StandardCharsets.US_ASCII);

  private GgufFiles() {}

  /** Checks a file, unless it lies on another machine. */
  static Path checkedIfHere(Path file, String what) {
    Checks.notNull(file, what);
    return Files.exists(file) ? checked(file, what) : file;
  }

  /** Checks that a file is there and is GGUF. */
  static Path checked(Path file, String what) {
    if (Files.isDirectory(file)) {
      throw new InvalidInputException(
          what + " " + file + " is a directory, but has to be a GGUF file" + conversion());
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(MAGIC.length);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read "
              + what
              + " "
              + file
              + ": "
              + e
              + ". Check that the file exists and may be read",
          e);
    }
    if (!Arrays.equals(start, MAGIC)) {
      throw new FileFormatException(
          what + " " + file + " is not a GGUF file: it does not begin with GGUF" + conversion());
    }
    return file;
  }

  private static String conversion() {
    return ". Convert a PEFT directory with llama.cpp's convert_lora_to_gguf.py, a model with its"
        + " convert_hf_to_gguf.py";
  }
}
