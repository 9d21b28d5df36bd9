package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;

/**
 * The sizes of a decoder-only language model of the Llama family, under the names of Hugging Face's
 * {@code config.json}.
 *
 * @param vocabSize rows of the word embedding
 * @param hiddenSize C, the width of a token's hidden state
 * @param numHiddenLayers how many layers
 * @param attention the heads
 * @param intermediateSize the width between the dense maps of a layer's feed-forward part
 * @param window the most tokens of which each still sees all before it
 * @param rmsNormEps what RMSNorm adds to the mean square
 * @param queryKeyValueBias whether the maps to queries, keys and values have biases
 * @param outputBias whether the map behind the attention has one
 * @param headNorms whether each head of queries and keys is normalized
 * @param rotary how positions are told
 */
record CausalLmConfig(
    int vocabSize,
    int hiddenSize,
    int numHiddenLayers,
    AttentionShape attention,
    int intermediateSize,
    int window,
    float rmsNormEps,
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean headNorms,
    RotaryConfig rotary) {

  /**
   * Reads and checks a {@code config.json}.
   *
   * @param json its content
   * @param where the file, for messages
   */
  static CausalLmConfig parse(byte[] json, String where) {
    return new Parser(ConfigEntries.parse(json, where)).parse();
  }

  private record Parser(ConfigEntries entries) {

    CausalLmConfig parse() {
      String type = entries.text("model_type", "missing");
      boolean qwen2 = type.equals("qwen2");
      boolean qwen3 = type.equals("qwen3");
      if (!qwen2 && !qwen3 && !type.equals("llama") && !type.equals("mistral")) {
        throw unsupported("model_type", "\"qwen2\", \"qwen3\", \"llama\" or \"mistral\"");
      }
      if (!entries.text("hidden_act", "silu").equals("silu")) {
        throw unsupported("hidden_act", "\"silu\"");
      }
      if (flag("mlp_bias")) {
        throw unsupported("mlp_bias", "false");
      }
      if (entries.has("quantization_config")) {
        throw unsupported("quantization_config", "none");
      }
      boolean attentionBias = !qwen2 && flag("attention_bias");
      return new CausalLmConfig(
          entries.size("vocab_size"),
          entries.size("hidden_size"),
          entries.size("num_hidden_layers"),
          attention(),
          entries.size("intermediate_size"),
          window(!type.equals("mistral") && !flag("use_sliding_window")),
          entries.epsilon("rms_norm_eps", 1e-6),
          qwen2 || attentionBias,
          attentionBias,
          qwen3,
          RotaryConfig.parse(entries));
    }

    private AttentionShape attention() {
      int hidden = entries.size("hidden_size");
      int heads = entries.size("num_attention_heads");
      int keyValueHeads = entries.size("num_key_value_heads", heads);
      if (heads % keyValueHeads != 0) {
        throw broken(
            "num_attention_heads "
                + heads
                + " is no multiple of num_key_value_heads "
                + keyValueHeads);
      }
      if (!entries.has("head_dim") && hidden % heads != 0) {
        throw broken("hidden_size " + hidden + " is no multiple of num_attention_heads " + heads);
      }
      int headSize = entries.size("head_dim", hidden / heads);
      long width = ((long) heads + 2L * keyValueHeads) * headSize;
      if (headSize % 2 != 0 || width > ConfigEntries.LARGEST_SIZE) {
        throw broken(
            "the size of a head must be even, and that of all heads of queries, keys and values at"
                + " most "
                + ConfigEntries.LARGEST_SIZE
                + ", but they are "
                + headSize
                + " and "
                + width);
      }
      float scale = (float) (1 / Math.sqrt(headSize));
      return new AttentionShape(heads, keyValueHeads, headSize, scale, true);
    }

    /** Up to its length a sliding window changes nothing. */
    private int window(boolean whole) {
      int positions = entries.size("max_position_embeddings");
      return whole ? positions : Math.min(positions, entries.size("sliding_window", positions));
    }

    private boolean flag(String name) {
      JsonNode value = entries.root().path(name);
      if (entries.has(name) && !value.isBoolean()) {
        throw broken(name + " must be true or false, but is " + value);
      }
      return value.asBoolean(false);
    }

    private FileFormatException broken(String what) {
      return new FileFormatException(entries.where() + ": " + what);
    }

    private FileFormatException unsupported(String name, String expected) {
      return entries.unsupported(
          name, expected, "CausalLmEncoder reads models such as Qwen2.5 and Llama");
    }
  }
}
