package io.github.dnd4j.serving;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.GgufFile;
import io.github.dnd4j.io.GgufFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The files of llama.cpp and Ollama, which have to be of one format. */
final class GgufFiles {

  private GgufFiles() {}

  /**
   * Checks that a file begins as a GGUF file; what more a model has to be, its reader knows better.
   */
  static Path model(Path file) {
    Checks.notNull(file, "the model");
    if (!Files.exists(file)) {
      throw new FileAccessException(
          "the model " + file + " does not exist: check the path, or convert it to GGUF first");
    }
    if (!new GgufFormat().recognizes(file)) {
      throw new FileFormatException(
          "the model "
              + file
              + " is not a GGUF file: convert it with llama.cpp's convert_hf_to_gguf.py");
    }
    return file;
  }

  /** Checks that a file is a GGUF adapter, from its header. */
  static Path adapter(Path file) {
    if (Files.isDirectory(Checks.notNull(file, "the adapter"))) {
      throw new InvalidInputException(
          "the adapter "
              + file
              + " is a directory, but has to be a GGUF file: save it to a path that ends in .gguf,"
              + " or use dnd convert");
    }
    try (GgufFile gguf = GgufFile.open(file)) {
      Map<String, String> metadata = gguf.metadata();
      checkMetadata(file, metadata, "general.type", "adapter");
      checkMetadata(file, metadata, "adapter.type", "lora");
    }
    return file;
  }

  private static void checkMetadata(
      Path file, Map<String, String> metadata, String key, String expected) {
    String actual = metadata.getOrDefault(key, "");
    if (!actual.equals(expected)) {
      throw new FileFormatException(
          "the adapter "
              + file
              + " is a GGUF file, but not of a LoRA adapter: its "
              + key
              + " is '"
              + AdapterNames.printable(actual)
              + "', not '"
              + expected
              + "'. Is it a model?");
    }
  }
}
