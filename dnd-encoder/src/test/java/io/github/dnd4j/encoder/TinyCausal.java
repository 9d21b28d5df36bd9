package io.github.dnd4j.encoder;

import io.github.dnd4j.io.TensorFile;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model that make_tiny_causal.py made, in a directory where a test can change it. */
final class TinyCausal extends TinyModel {

  /** In float32 with biases. */
  static final String QWEN2 = "tiny-qwen2";

  /** In bfloat16 in two files, with scaled positions and a token at the front of texts. */
  static final String LLAMA = "tiny-llama";

  /** In float16 with norms of heads. */
  static final String QWEN3 = "tiny-qwen3";

  static final int HIDDEN = 16;

  /** The texts whose hidden states are in golden.safetensors. */
  static final List<String> TEXTS =
      List.of(
          "The river bends slowly north of the old mill, and then the other.",
          "caf\u00e9",
          "",
          "then");

  TinyCausal(String name, Path parent) {
    super(parent, name, filesOf(name));
  }

  private static List<String> filesOf(String name) {
    Stream<String> files = Stream.of("config.json", "tokenizer.json", "golden.safetensors");
    return Stream.concat(
            files,
            switch (name) {
              case QWEN2 -> Stream.of("model.safetensors", "tokenizer_config.json");
              case LLAMA ->
                  Stream.of(
                      "model.safetensors.index.json",
                      "model-00001-of-00002.safetensors",
                      "model-00002-of-00002.safetensors");
              default -> Stream.of("model.safetensors");
            })
        .toList();
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
}
