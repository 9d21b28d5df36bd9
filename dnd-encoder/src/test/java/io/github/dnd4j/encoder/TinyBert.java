package io.github.dnd4j.encoder;

import java.nio.file.Path;
import java.util.List;

/** The model that make_tiny_bert.py made, in a directory where a test can change it. */
final class TinyBert extends TinyModel {

  static final int WINDOW = 16;
  static final int HIDDEN = 24;

  /** The texts whose hidden states are in golden.safetensors. */
  static final List<String> TEXTS =
      List.of(
          "The river bends slowly north of the old mill.",
          "a bridge",
          "The old stone bridge crosses it, and then the river runs on and on, slowly, north of the"
              + " mill.");

  TinyBert(Path parent) {
    super(
        parent,
        "tiny-bert",
        List.of(
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "golden.safetensors",
            "tuning.safetensors"));
  }
}
