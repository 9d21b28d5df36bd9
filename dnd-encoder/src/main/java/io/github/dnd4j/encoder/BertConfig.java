package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;

/**
 * The sizes of a BERT encoder (Devlin et al., arXiv 1810.04805) with absolute positions, erf-GELU
 * and post-norm, under the names of Hugging Face's {@code config.json}.
 *
 * @param vocabSize rows of the word embedding
 * @param hiddenSize C, the width of a token's hidden state
 * @param numHiddenLayers how many layers
 * @param numAttentionHeads heads per layer; a divisor of the hidden size
 * @param intermediateSize the width between the two dense maps of a layer's feed-forward part
 * @param maxPositionEmbeddings the most tokens that one window may have
 * @param typeVocabSize rows of the token type embedding, of which only the first is used
 * @param layerNormEps what LayerNorm adds to the variance
 */
record BertConfig(
    int vocabSize,
    int hiddenSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int intermediateSize,
    int maxPositionEmbeddings,
    int typeVocabSize,
    float layerNormEps) {

  private static final int LARGEST_SIZE = 1 << 24;

  int headSize() {
    return hiddenSize / numAttentionHeads;
  }

  /**
   * Reads and checks a {@code config.json}.
   *
   * @param json its content
   * @param where the file, for messages
   */
  static BertConfig parse(byte[] json, String where) {
    return new Parser(JsonFiles.object(json, where), where).parse();
  }

  /** Reads one config.json; its messages name the file and the entry. */
  private record Parser(JsonNode root, String where) {

    BertConfig parse() {
      requireText("model_type", "bert", null);
      requireText("hidden_act", "gelu", "gelu");
      requireText("position_embedding_type", "absolute", "absolute");
      if (root.path("is_decoder").asBoolean(false)) {
        throw unsupported("is_decoder", "true", "false");
      }
      BertConfig config =
          new BertConfig(
              size("vocab_size"),
              size("hidden_size"),
              size("num_hidden_layers"),
              size("num_attention_heads"),
              size("intermediate_size"),
              size("max_position_embeddings"),
              size("type_vocab_size"),
              epsilon());
      if (config.hiddenSize % config.numAttentionHeads != 0) {
        throw new FileFormatException(
            where
                + ": hidden_size "
                + config.hiddenSize
                + " is no multiple of num_attention_heads "
                + config.numAttentionHeads);
      }
      return config;
    }

    private void requireText(String name, String expected, String whenMissing) {
      String actual = root.path(name).asText(whenMissing);
      if (!expected.equals(actual)) {
        throw unsupported(name, actual, "\"" + expected + "\"");
      }
    }

    private int size(String name) {
      JsonNode value = root.path(name);
      if (!value.isInt() || value.intValue() < 1 || value.intValue() > LARGEST_SIZE) {
        throw new FileFormatException(
            where
                + ": "
                + name
                + " must be a whole number from 1 to "
                + LARGEST_SIZE
                + ", but is "
                + (value.isMissingNode() ? "missing" : value));
      }
      return value.intValue();
    }

    private float epsilon() {
      double value = root.path("layer_norm_eps").asDouble(1e-12);
      if (!(value > 0 && value < 1)) {
        throw new FileFormatException(
            where + ": layer_norm_eps must lie between 0 and 1, but is " + value);
      }
      return (float) value;
    }

    private FileFormatException unsupported(String name, String actual, String expected) {
      return new FileFormatException(
          where
              + ": "
              + name
              + " is "
              + actual
              + ", but only "
              + expected
              + " is supported. SentenceEncoder reads encoders of model_type \"bert\" such as"
              + " all-MiniLM-L12-v2, gte-small, bge-small-en-v1.5, e5-small-v2 or bert-base");
    }
  }
}
