package io.github.dnd4j.encoder;

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
    return new Parser(ConfigEntries.parse(json, where)).parse();
  }

  private record Parser(ConfigEntries entries) {

    BertConfig parse() {
      requireText("model_type", "bert", null);
      requireText("hidden_act", "gelu", "gelu");
      requireText("position_embedding_type", "absolute", "absolute");
      if (entries.root().path("is_decoder").asBoolean(false)) {
        throw unsupported("is_decoder", "false");
      }
      BertConfig config =
          new BertConfig(
              entries.size("vocab_size"),
              entries.size("hidden_size"),
              entries.size("num_hidden_layers"),
              entries.size("num_attention_heads"),
              entries.size("intermediate_size"),
              entries.size("max_position_embeddings"),
              entries.size("type_vocab_size"),
              entries.epsilon("layer_norm_eps", 1e-12));
      if (config.hiddenSize % config.numAttentionHeads != 0) {
        throw new FileFormatException(
            entries.where()
                + ": hidden_size "
                + config.hiddenSize
                + " is no multiple of num_attention_heads "
                + config.numAttentionHeads);
      }
      return config;
    }

    private void requireText(String name, String expected, String whenMissing) {
      if (!expected.equals(entries.text(name, whenMissing))) {
        throw unsupported(name, "\"" + expected + "\"");
      }
    }

    private FileFormatException unsupported(String name, String expected) {
      return entries.unsupported(
          name,
          expected,
          "SentenceEncoder reads encoders of model_type \"bert\" such as all-MiniLM-L12-v2,"
              + " gte-small, bge-small-en-v1.5, e5-small-v2 or bert-base");
    }
  }
}
