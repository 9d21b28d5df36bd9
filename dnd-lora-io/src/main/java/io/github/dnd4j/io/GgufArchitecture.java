package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The kind of model that a GGUF adapter is for. llama.cpp loads an adapter only into a model of the
 * same architecture; the architecture says how the model's modules are named in GGUF files, and for
 * {@code llama} in which order the rows of its query and key projections are.
 *
 * <pre>{@code
 * GgufFormat format = GgufFormat.forArchitecture(GgufArchitecture.llama(64));
 * format.write(adapter, Path.of("adapter.gguf"), WeightPrecision.F16);
 * }</pre>
 *
 * <p>Source of the names: llama.cpp's convert_hf_to_gguf.py and gguf-py/gguf/tensor_mapping.py.
 */
public final class GgufArchitecture {

  /** Qwen1.5, Qwen2 and Qwen2.5. */
  public static final GgufArchitecture QWEN2 = new GgufArchitecture("qwen2", 0);

  /** The language models of Qwen2-VL and Qwen2.5-VL. */
  public static final GgufArchitecture QWEN2VL = new GgufArchitecture("qwen2vl", 0);

  /** BERT and what is built like it, such as the MiniLM sentence encoders. */
  public static final GgufArchitecture BERT = new GgufArchitecture("bert", 0);

  /** Llama of an unknown head size: enough for adapters that change neither q_proj nor k_proj. */
  static final GgufArchitecture LLAMA = new GgufArchitecture("llama", 0);

  private static final List<GgufArchitecture> ALL = List.of(QWEN2, QWEN2VL, LLAMA, BERT);

  private static final Map<String, String> CAUSAL =
      Map.of(
          "self_attn.q_proj", "attn_q",
          "self_attn.k_proj", "attn_k",
          "self_attn.v_proj", "attn_v",
          "self_attn.o_proj", "attn_output",
          "mlp.gate_proj", "ffn_gate",
          "mlp.up_proj", "ffn_up",
          "mlp.down_proj", "ffn_down");

  private static final Map<String, String> ENCODER =
      Map.of(
          "attention.self.query", "attn_q",
          "attention.self.key", "attn_k",
          "attention.self.value", "attn_v",
          "attention.output.dense", "attn_output",
          "intermediate.dense", "ffn_up",
          "output.dense", "ffn_down");

  private static final String CAUSAL_STEM = "model.layers.";
  private static final String ENCODER_STEM = "encoder.layer.";

  private static final Pattern LAYER = Pattern.compile("(\\d{1,9})\\.(.+)");
  private static final Pattern TENSOR = Pattern.compile("blk\\.(\\d{1,9})\\.(.+)\\.weight");
  private static final Pattern TEXT = Pattern.compile("([a-z0-9]+)(?::(\\d{1,9}))?");

  private static final int LARGEST_CONFIG = 4 << 20;

  private final String name;
  private final int headSize;

  private GgufArchitecture(String name, int headSize) {
    this.name = name;
    this.headSize = headSize;
  }

  /**
   * Llama, and the models that llama.cpp treats as such. GGUF files hold the rows of their query
   * and key projections in another order than PEFT does, which depends on the head size: from each
   * head's first and second half in turn.
   *
   * @param headSize the width of an attention head, an even number: {@code head_dim} in the model's
   *     config.json, or {@code hidden_size / num_attention_heads}; 64 or 128 as a rule
   * @return the architecture
   */
  public static GgufArchitecture llama(int headSize) {
    if (headSize < 2 || headSize % 2 != 0) {
      throw new InvalidInputException("the head size must be an even number, but is " + headSize);
    }
    return new GgufArchitecture(LLAMA.name, headSize);
  }

  /**
   * The architecture that a text names, as {@link #toString} writes it.
   *
   * @param text {@code qwen2}, {@code qwen2vl}, {@code bert}, or {@code llama} with the head size,
   *     for example {@code llama:64}; without a head size it is enough for adapters that change
   *     neither q_proj nor k_proj
   * @return the architecture
   * @throws InvalidInputException if there is none of that name
   */
  public static GgufArchitecture of(String text) {
    Matcher parts = TEXT.matcher(Checks.notNull(text, "architecture"));
    Optional<GgufArchitecture> known = parts.matches() ? named(parts.group(1)) : Optional.empty();
    if (known.isEmpty() || (parts.group(2) != null && !known.get().equals(LLAMA))) {
      throw new InvalidInputException(
          "no architecture is called '"
              + text
              + "'; the names are "
              + String.join(", ", ALL.stream().map(GgufArchitecture::name).toList())
              + "; llama takes its head size, as in llama:64");
    }
    return parts.group(2) == null ? known.get() : llama(Integer.parseInt(parts.group(2)));
  }

  static Optional<GgufArchitecture> named(String name) {
    return ALL.stream().filter(known -> known.name.equals(name)).findFirst();
  }

  /**
   * The architecture of a model as its config.json describes it: by {@code model_type}, and for
   * Llama the head size.
   *
   * @param config the config.json of a Hugging Face model
   * @return the architecture
   * @throws io.github.dnd4j.FileAccessException if the file cannot be read
   * @throws FileFormatException if it is broken or of a model of another kind
   */
  public static GgufArchitecture ofModel(Path config) {
    JsonObject json = JsonObject.read(Checks.notNull(config, "config"), LARGEST_CONFIG);
    return switch (json.text("model_type")) {
      case "qwen2" -> QWEN2;
      case "qwen2_vl", "qwen2_5_vl" -> QWEN2VL;
      case "bert" -> BERT;
      case "llama" -> llama(headSize(json));
      default ->
          throw json.broken(
              "model_type is "
                  + json.raw("model_type")
                  + ", but adapters can be converted for qwen2, qwen2_vl, qwen2_5_vl, llama and"
                  + " bert only");
    };
  }

  private static int headSize(JsonObject config) {
    if (config.has("head_dim")) {
      return config.integer("head_dim");
    }
    int heads = config.integer("num_attention_heads");
    int hidden = config.integer("hidden_size");
    if (heads < 1 || hidden % heads != 0) {
      throw config.broken(
          "hidden_size is " + hidden + ", which " + heads + " attention heads cannot share");
    }
    return hidden / heads;
  }

  /**
   * The architecture of the model that an adapter says it is for: BERT by the paths of its modules;
   * models with Llama's module paths by the name of the base model.
   */
  static Optional<GgufArchitecture> deduce(String baseModel, List<LoraModule> modules) {
    if (modules.stream().anyMatch(module -> module.path().startsWith(ENCODER_STEM))) {
      return Optional.of(BERT);
    }
    String base = baseModel.toLowerCase(Locale.ROOT);
    boolean qwen = base.contains("qwen2") || base.contains("qwen1.5");
    boolean llama = base.contains("llama");
    if (qwen == llama) {
      return Optional.empty();
    }
    return Optional.of(llama ? LLAMA : base.contains("-vl") ? QWEN2VL : QWEN2);
  }

  static GgufArchitecture of(LoraAdapter adapter) {
    String base = adapter.config().baseModel();
    return deduce(base, adapter.modules())
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "what GGUF architecture the adapter's base model '"
                        + base
                        + "' has cannot be told from its name: choose one, with"
                        + " GgufFormat.forArchitecture or dnd convert --architecture"));
  }

  /**
   * The name, as in {@code general.architecture}.
   *
   * @return for example {@code qwen2}
   */
  public String name() {
    return name;
  }

  /** The width of an attention head, where that matters and is known, else 0. */
  int headSize() {
    return headSize;
  }

  String taskType() {
    return name.equals(BERT.name) ? LoraConfig.FEATURE_EXTRACTION : LoraConfig.CAUSAL_LM;
  }

  /** The name of a module's weight in GGUF files. */
  Optional<String> tensorOf(String path) {
    if (!path.startsWith(stem())) {
      return Optional.empty();
    }
    Matcher parts = LAYER.matcher(path.substring(stem().length()));
    return parts.matches()
        ? Optional.ofNullable(modules().get(parts.group(2)))
            .map(module -> "blk." + parts.group(1) + "." + module + ".weight")
        : Optional.empty();
  }

  /** The path of the module that has a weight of this name in GGUF files. */
  Optional<String> pathOf(String tensor) {
    Matcher parts = TENSOR.matcher(tensor);
    return parts.matches()
        ? entries()
            .filter(entry -> entry.getValue().equals(parts.group(2)))
            .map(entry -> stem() + parts.group(1) + "." + entry.getKey())
            .findFirst()
        : Optional.empty();
  }

  private Stream<Map.Entry<String, String>> entries() {
    return modules().entrySet().stream();
  }

  private Map<String, String> modules() {
    return name.equals(BERT.name) ? ENCODER : CAUSAL;
  }

  private String stem() {
    return name.equals(BERT.name) ? ENCODER_STEM : CAUSAL_STEM;
  }

  /** Whether the rows of a module's weight are in another order in GGUF files. */
  boolean reorders(String path) {
    return name.equals(LLAMA.name) && (path.endsWith(".q_proj") || path.endsWith(".k_proj"));
  }

  /**
   * The row of PEFT's matrix that is at a place of GGUF's: within each head, rows of its first and
   * second half take turns.
   */
  int sourceRow(int row) {
    int within = row % headSize;
    return row - within + within % 2 * (headSize / 2) + within / 2;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GgufArchitecture that
        && name.equals(that.name)
        && headSize == that.headSize;
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, headSize);
  }

  /** The text that {@link #of(String)} takes. */
  @Override
  public String toString() {
    return headSize == 0 ? name : name + ":" + headSize;
  }
}
