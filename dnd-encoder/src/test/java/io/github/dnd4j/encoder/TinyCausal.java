package io.github.dnd4j.encoder;

import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model that make_tiny_causal.py made, in a directory where a test can change it. */
final class TinyCausal {

  static final int HIDDEN = 16;
  static final int LAST_LAYER = 2;

  /** The texts whose hidden states are in golden.safetensors. */
  static final List<String> TEXTS =
      List.of(
          "The river bends slowly north of the old mill, and then the other.",
          "caf\u00e9",
          "",
          "then");

  private static final List<String> FILES =
      List.of(
          "config.json",
          "golden.safetensors",
          "model.safetensors",
          "model.safetensors.index.json",
          "model-00001-of-00002.safetensors",
          "model-00002-of-00002.safetensors",
          "tokenizer.json",
          "tokenizer_config.json");

  private final Path directory;

  /**
   * Copies a model.
   *
   * @param name tiny-qwen2 (float32, with biases), tiny-llama (bfloat16 in two files) or tiny-qwen3
   *     (float16, with norms of heads)
   * @param parent where to
   */
  TinyCausal(String name, Path parent) {
    directory = parent.resolve(name);
    try {
      Files.createDirectories(directory);
      for (String file : FILES) {
        try (InputStream in = TinyCausal.class.getResourceAsStream(name + "/" + file)) {
          if (in != null) {
            Files.copy(in, directory.resolve(file));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path directory() {
    return directory;
  }

  Path file(String name) {
    return directory.resolve(name);
  }

  /** Expected hidden states, {@code [TEXTS, length, HIDDEN]}, for the lengths 8 and 48. */
  INDArray golden(int layer, int length) {
    return golden("", layer, length);
  }

  INDArray golden(String variant, int layer, int length) {
    try (TensorFile file = TensorFile.open(file("golden.safetensors"))) {
      return file.read(variant + "layer" + layer + "-length" + length);
    }
  }

  /** Replaces what matches in one of the JSON files; something must. */
  TinyCausal edit(String name, String from, String to) {
    try {
      String content = Files.readString(file(name));
      String edited = content.replaceFirst(from, to);
      if (content.equals(edited)) {
        throw new AssertionError(name + " does not contain " + from);
      }
      Files.writeString(file(name), edited);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the weights of the single file anew after a change to the map of them. */
  TinyCausal changeWeights(UnaryOperator<Map<String, INDArray>> change, TensorType type) {
    Map<String, INDArray> tensors = new LinkedHashMap<>();
    try (TensorFile file = TensorFile.open(file("model.safetensors"))) {
      file.tensors().keySet().forEach(name -> tensors.put(name, file.read(name)));
    }
    SafetensorsWriter.write(file("model.safetensors"), change.apply(tensors), type, Map.of());
    return this;
  }
}
