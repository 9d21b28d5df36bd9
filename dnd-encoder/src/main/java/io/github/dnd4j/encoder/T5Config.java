package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;

/**
 * The sizes of a T5 encoder (Raffel et al., arXiv 1910.10683), under the names of Hugging Face's
 * {@code config.json}.
 *
 * @param vocabSize rows of the embedding
 * @param width {@code d_model}, C, the width of a token's hidden state
 * @param headSize {@code d_kv}, the width of a head, whatever the quotient of C and heads
 * @param heads {@code num_heads} per layer
 * @param layers {@code num_layers} of the encoder
 * @param buckets {@code relative_attention_num_buckets}
 * @param maxDistance {@code relative_attention_max_distance}
 * @param eps {@code layer_norm_epsilon}, what RMSNorm adds to the mean square
 * @param inner the middle of a feed-forward part: {@code d_ff} and {@code feed_forward_proj}
 */
record T5Config(
    int vocabSize,
    int width,
    int headSize,
    int heads,
    int layers,
    int buckets,
    int maxDistance,
    float eps,
    PreNormMaps.Inner inner) {

  /** Below that there would be none for short distances. */
  private static final int FEWEST_BUCKETS = 4;

  /** The heads of all layers, whose scores T5 does not scale. */
  AttentionShape attention() {
    return new AttentionShape(heads, heads, headSize, 1, false);
  }

  /**
   * Reads and checks a {@code config.json}.
   *
   * @param json its content
   * @param where the file, for messages
   */
  static T5Config parse(byte[] json, String where) {
    return new Parser(ConfigEntries.parse(json, where)).parse();
  }

  private record Parser(ConfigEntries entries) {

    T5Config parse() {
      if (!entries.text("model_type", "").matches("m?t5")) {
        throw unsupported("model_type", "\"t5\" or \"mt5\"");
      }
      T5Config config =
          new T5Config(
              entries.size("vocab_size"),
              entries.size("d_model"),
              entries.size("d_kv"),
              entries.size("num_heads"),
              entries.size("num_layers"),
              entries.size("relative_attention_num_buckets", 32),
              entries.size("relative_attention_max_distance", 128),
              entries.epsilon("layer_norm_epsilon", 1e-6),
              inner());
      check(config);
      return config;
    }

    private PreNormMaps.Inner inner() {
      int width = entries.size("d_ff");
      return switch (entries.text("feed_forward_proj", "relu")) {
        case "relu" -> new PreNormMaps.Inner(width, false, Activation.RELU);
        case "gated-gelu" -> new PreNormMaps.Inner(width, true, Activation.GELU_TANH);
        default -> throw unsupported("feed_forward_proj", "\"relu\" or \"gated-gelu\"");
      };
    }

    private void check(T5Config config) {
      if (config.buckets < FEWEST_BUCKETS || config.maxDistance <= config.buckets / 4) {
        throw new FileFormatException(
            entries.where()
                + ": relative_attention_num_buckets must be at least "
                + FEWEST_BUCKETS
                + " and relative_attention_max_distance more than a quarter of it, but they are "
                + config.buckets
                + " and "
                + config.maxDistance);
      }
      if ((long) config.heads * config.headSize > ConfigEntries.LARGEST_SIZE) {
        throw new FileFormatException(
            entries.where()
                + ": num_heads "
                + config.heads
                + " times d_kv "
                + config.headSize
                + " is more than "
                + ConfigEntries.LARGEST_SIZE);
      }
    }

    private FileFormatException unsupported(String name, String expected) {
      return entries.unsupported(
          name, expected, "T5Encoder reads encoders such as t5-base and google/t5-v1_1-base");
    }
  }
}
