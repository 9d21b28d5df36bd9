package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;
import java.util.OptionalInt;

/**
 * The sizes of a BERT encoder (Devlin et al., arXiv 1810.04805) or of one of its relatives, with
 * absolute positions, erf-GELU and post-norm, under the names of Hugging Face's {@code
 * config.json}.
 *
 * @param family which of them
 * @param vocabSize rows of the word embedding
 * @param hiddenSize C, the width of a token's hidden state
 * @param numHiddenLayers how many layers
 * @param numAttentionHeads heads per layer; a divisor of the hidden size
 * @param intermediateSize the width between the two dense maps of a layer's feed-forward part
 * @param maxPositionEmbeddings rows of the position embedding
 * @param typeVocabSize rows of the token type embedding, of which only the first is used; 0 if
 *     there is none
 * @param layerNormEps what LayerNorm adds to the variance
 * @param paddingId the token whose position is its id, wherever it stands, so that all other
 *     positions are counted from the one after that; empty if positions are counted from 0
 */
record BertConfig(
    BertFamily family,
    int vocabSize,
    int hiddenSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int intermediateSize,
    int maxPositionEmbeddings,
    int typeVocabSize,
    float layerNormEps,
    OptionalInt paddingId) {

  /** What MPNet's relative positions have; transformers goes by no other numbers. */
  static final int MPNET_BUCKETS = 32;

  static final int MPNET_MAX_DISTANCE = 128;

  /** MPNet's padding token, whatever config.json says. */
  private static final int MPNET_PADDING = 1;

  /** Of a BERT itself. */
  BertConfig(
      int vocabSize,
      int hiddenSize,
      int numHiddenLayers,
      int numAttentionHeads,
      int intermediateSize,
      int maxPositionEmbeddings,
      int typeVocabSize,
      float layerNormEps) {
    this(
        BertFamily.BERT,
        vocabSize,
        hiddenSize,
        numHiddenLayers,
        numAttentionHeads,
        intermediateSize,
        maxPositionEmbeddings,
        typeVocabSize,
        layerNormEps,
        OptionalInt.empty());
  }

  int headSize() {
    return hiddenSize / numAttentionHeads;
  }

  /** The most tokens that the model takes at once: as many as there are positions for. */
  int window() {
    return paddingId.isPresent()
        ? maxPositionEmbeddings - paddingId.getAsInt() - 1
        : maxPositionEmbeddings;
  }

  /**
   * Reads and checks a {@code config.json}.
   *
   * @param json its content
   * @param where the file, for messages
   */
  static BertConfig parse(byte[] json, String where) {
    ConfigEntries entries = ConfigEntries.parse(json, where);
    BertFamily family =
        BertFamily.of(entries.text("model_type", ""))
            .orElseThrow(
                () ->
                    Parser.unsupported(
                        entries, "model_type", String.join(", ", BertFamily.modelTypes())));
    return new Parser(entries, family).parse();
  }

  private record Parser(ConfigEntries entries, BertFamily family) {

    BertConfig parse() {
      requireText("hidden_act", "gelu");
      requireText("position_embedding_type", "absolute");
      if (entries.root().path("is_decoder").asBoolean(false)) {
        throw unsupported(entries, "is_decoder", "false");
      }
      if (family.hasRelativePositions()
          && entries.size("relative_attention_num_buckets", MPNET_BUCKETS) != MPNET_BUCKETS) {
        throw unsupported(
            entries, "relative_attention_num_buckets", Integer.toString(MPNET_BUCKETS));
      }
      BertConfig config =
          new BertConfig(
              family,
              size("vocab_size"),
              size("hidden_size"),
              size("num_hidden_layers"),
              size("num_attention_heads"),
              size("intermediate_size"),
              size("max_position_embeddings"),
              family.hasTypes() ? size("type_vocab_size") : 0,
              entries.epsilon("layer_norm_eps", 1e-12),
              family.countsFromPadding() ? OptionalInt.of(paddingId()) : OptionalInt.empty());
      check(config);
      return config;
    }

    private int size(String name) {
      return entries.size(family.entry(name));
    }

    private int paddingId() {
      String name = "pad_token_id";
      if (family == BertFamily.MPNET || !entries.has(name)) {
        return MPNET_PADDING;
      }
      JsonNode value = entries.root().path(name);
      if (!value.isInt() || value.intValue() < 0) {
        throw new FileFormatException(
            entries.where() + ": " + name + " must be a whole number from 0, but is " + value);
      }
      return value.intValue();
    }

    private void check(BertConfig config) {
      if (config.hiddenSize % config.numAttentionHeads != 0) {
        throw new FileFormatException(
            entries.where()
                + ": "
                + family.entry("hidden_size")
                + " "
                + config.hiddenSize
                + " is no multiple of "
                + family.entry("num_attention_heads")
                + " "
                + config.numAttentionHeads);
      }
      if (config.window() < 1) {
        throw new FileFormatException(
            entries.where()
                + ": of max_position_embeddings "
                + config.maxPositionEmbeddings
                + " none is left above the padding token's id "
                + config.paddingId.getAsInt());
      }
    }

    private void requireText(String bertsName, String expected) {
      String name = family.entry(bertsName);
      if (!expected.equals(entries.text(name, expected))) {
        throw unsupported(entries, name, "\"" + expected + "\"");
      }
    }

    private static FileFormatException unsupported(
        ConfigEntries entries, String name, String expected) {
      return entries.unsupported(
          name,
          expected,
          "SentenceEncoder reads encoders such as all-MiniLM-L12-v2, gte-small, bge-small-en-v1.5,"
              + " e5-small-v2, bert-base, all-mpnet-base-v2, all-distilroberta-v1 or"
              + " multilingual-e5-base");
    }
  }
}
