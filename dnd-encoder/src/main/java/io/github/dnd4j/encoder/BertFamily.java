package io.github.dnd4j.encoder;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The kinds of encoders that are BERTs but for their positions, their token types and the names of
 * their tensors.
 */
enum BertFamily {
  /** Devlin et al., arXiv 1810.04805. */
  BERT("bert", "bert."),

  /** Liu et al., arXiv 1907.11692; distilroberta is one with fewer layers. */
  ROBERTA("roberta", "roberta."),

  /** Conneau et al., arXiv 1911.02116: a RoBERTa of many languages. */
  XLM_ROBERTA("xlm-roberta", "roberta."),

  /** Song et al., arXiv 2004.09297: relative positions beside the absolute ones. */
  MPNET("mpnet", "mpnet."),

  /** Sanh et al., arXiv 1910.01108. */
  DISTILBERT("distilbert", "distilbert.");

  /** DistilBERT's names of what config.json says of the others under another name. */
  private static final Map<String, String> ENTRIES_OF_DISTILBERT =
      Map.of(
          "hidden_act", "activation",
          "hidden_size", "dim",
          "num_hidden_layers", "n_layers",
          "num_attention_heads", "n_heads",
          "intermediate_size", "hidden_dim");

  private final String modelType;
  private final String prefix;

  BertFamily(String modelType, String prefix) {
    this.modelType = modelType;
    this.prefix = prefix;
  }

  /** The family that config.json calls so. */
  static Optional<BertFamily> of(String modelType) {
    return Arrays.stream(values()).filter(f -> f.modelType.equals(modelType)).findFirst();
  }

  /** What config.json calls them. */
  static List<String> modelTypes() {
    return Arrays.stream(values()).map(family -> family.modelType).toList();
  }

  String modelType() {
    return modelType;
  }

  /** What models that are built on top of the encoder add before the names of its tensors. */
  String prefix() {
    return prefix;
  }

  BertNames names() {
    return switch (this) {
      case BERT, ROBERTA, XLM_ROBERTA -> BertNames.BERT;
      case MPNET -> BertNames.MPNET;
      case DISTILBERT -> BertNames.DISTILBERT;
    };
  }

  /** What config.json calls an entry of BERT's. */
  String entry(String name) {
    return this == DISTILBERT ? ENTRIES_OF_DISTILBERT.getOrDefault(name, name) : name;
  }

  /** Whether tokens have types. Only type 0 is used. */
  boolean hasTypes() {
    return this != MPNET && this != DISTILBERT;
  }

  /** Whether positions are counted from the one after the padding token's id. */
  boolean countsFromPadding() {
    return this == ROBERTA || this == XLM_ROBERTA || this == MPNET;
  }

  /** Whether all layers add to their scores what {@link RelativePositions} say. */
  boolean hasRelativePositions() {
    return this == MPNET;
  }
}
