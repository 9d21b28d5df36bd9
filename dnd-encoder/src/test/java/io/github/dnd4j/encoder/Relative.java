package io.github.dnd4j.encoder;

import java.nio.file.Path;
import java.util.List;

/** The models that make_tiny_relatives.py made: BERT's relatives, each of two layers. */
enum Relative {
  /** With relative positions; one of the texts has padding in its middle. */
  MPNET("tiny-mpnet", 100),

  /** Byte-level BPE; tensors below a prefix. */
  ROBERTA("tiny-roberta", 20),

  /** A Unigram tokenizer. */
  XLM_ROBERTA("tiny-xlm-roberta", 16),

  /** Names of its own in config.json and for tensors, which are below a prefix. */
  DISTILBERT("tiny-distilbert", 16);

  static final int HIDDEN = 16;
  static final int INNER = 24;

  private final String folder;
  private final int window;

  Relative(String folder, int window) {
    this.folder = folder;
    this.window = window;
  }

  String folder() {
    return folder;
  }

  BertFamily family() {
    return BertFamily.valueOf(name());
  }

  /** The most tokens that it takes at once. */
  int window() {
    return window;
  }

  /** The texts whose ids and hidden states are in golden.safetensors. */
  List<String> texts() {
    return switch (this) {
      case MPNET ->
          List.of(
              "The river bends slowly north of the old mill.",
              "a <pad> bridge",
              "",
              "the old stone bridge crosses it and then the river bends slowly. ".repeat(8));
      case ROBERTA ->
          List.of(
              "The river bends slowly north of the old mill, and then the other.",
              "caf\u00E9",
              "",
              "then");
      case XLM_ROBERTA -> TinyT5.TEXTS;
      case DISTILBERT -> TinyBert.TEXTS;
    };
  }

  /** Copies it to where a test can change it. */
  TinyModel copy(Path parent) {
    return new TinyModel(
        parent,
        folder,
        List.of("config.json", "model.safetensors", "tokenizer.json", "golden.safetensors"));
  }

  /** Opens it. */
  SentenceEncoder open(Path parent) {
    return SentenceEncoder.load(copy(parent).directory());
  }
}
