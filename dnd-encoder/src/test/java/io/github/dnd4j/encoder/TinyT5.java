package io.github.dnd4j.encoder;

import java.nio.file.Path;
import java.util.List;

/** A model that make_tiny_t5.py made, in a directory where a test can change it. */
final class TinyT5 extends TinyModel {

  /** Of version 1.0: relu, and heads that together are narrower than the model. */
  static final String RELU = "tiny-t5";

  /** Of version 1.1: gated GELU, and heads that together are wider than the model. */
  static final String GATED = "tiny-t5-gated";

  /** The texts whose hidden states are in golden.safetensors. */
  static final List<String> TEXTS =
      List.of(
          "the river bends slowly north of the old mill.",
          "a bridge",
          "",
          "the old bridge runs on and on, slowly, and then it runs on and on, north of the stone"
              + " mill.");

  TinyT5(Path parent, String name) {
    super(
        parent,
        name,
        List.of(
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "spiece.model",
            "golden.safetensors"));
  }
}
