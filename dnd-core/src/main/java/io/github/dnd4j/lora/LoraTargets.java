package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The target models that DnD4J knows by name. */
public final class LoraTargets {

  /** Qwen2.5-0.5B-Instruct: rank 8, alpha 16, tile width 128, 4296 tokens. */
  public static final LoraTarget QWEN25_0_5B =
      causal("qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B-Instruct", "model.layers", 24, 896, 128, 4864, 8);

  /** Qwen2.5-1.5B-Instruct: rank 16, alpha 32, tile width 256, 4508 tokens. */
  public static final LoraTarget QWEN25_1_5B =
      causal("qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct", "model.layers", 28, 1536, 256, 8960, 16);

  /** Qwen2.5-7B-Instruct: rank 16, alpha 32, tile width 512, 4928 tokens. */
  public static final LoraTarget QWEN25_7B =
      causal("qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", "model.layers", 28, 3584, 512, 18944, 16);

  /** Qwen2.5-VL-3B-Instruct's language model: rank 16, alpha 32, tile width 256, 7308 tokens. */
  public static final LoraTarget QWEN25_VL_3B =
      causal(
          "qwen2.5-vl-3b", "Qwen/Qwen2.5-VL-3B-Instruct", "model.layers", 36, 2048, 256, 11008, 16);

  /** all-MiniLM-L6-v2: the six dense modules of each layer, rank 8, alpha 16, 324 tokens. */
  public static final LoraTarget MINILM_L6 =
      bert("minilm-l6", "sentence-transformers/all-MiniLM-L6-v2", 6, 384, 1536);

  private static final List<LoraTarget> ALL =
      List.of(QWEN25_0_5B, QWEN25_1_5B, QWEN25_7B, QWEN25_VL_3B, MINILM_L6);

  private LoraTargets() {}

  /**
   * All targets of this class.
   *
   * @return the targets, smallest Qwen first
   */
  public static List<LoraTarget> all() {
    return ALL;
  }

  /**
   * The target of a name.
   *
   * @param name for example {@code qwen2.5-0.5b}
   * @return the target
   * @throws InvalidInputException if there is none; the message lists the names
   */
  public static LoraTarget byName(String name) {
    return ALL.stream()
        .filter(target -> target.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "no target is called "
                        + name
                        + "; the names are "
                        + ALL.stream().map(LoraTarget::name).collect(Collectors.joining(", "))));
  }

  /** Qwen2-like models: the tile width is the width of the key and value projections. */
  private static LoraTarget causal(
      String name, String model, String stem, int layers, int hidden, int kv, int ffn, int rank) {
    List<LoraModule> modules = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String attention = stem + "." + i + ".self_attn.";
      String mlp = stem + "." + i + ".mlp.";
      modules.add(new LoraModule(attention + "q_proj", hidden, hidden, rank));
      modules.add(new LoraModule(attention + "k_proj", hidden, kv, rank));
      modules.add(new LoraModule(attention + "v_proj", hidden, kv, rank));
      modules.add(new LoraModule(attention + "o_proj", hidden, hidden, rank));
      modules.add(new LoraModule(mlp + "up_proj", hidden, ffn, rank));
      modules.add(new LoraModule(mlp + "gate_proj", hidden, ffn, rank));
      modules.add(new LoraModule(mlp + "down_proj", ffn, hidden, rank));
    }
    LoraConfig config = LoraConfig.of(rank, 2.0 * rank, model, LoraConfig.CAUSAL_LM);
    return new LoraTarget(name, config, kv, modules);
  }

  private static LoraTarget bert(String name, String model, int layers, int hidden, int ffn) {
    int rank = 8;
    List<LoraModule> modules = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String layer = "encoder.layer." + i + ".";
      modules.add(new LoraModule(layer + "attention.self.query", hidden, hidden, rank));
      modules.add(new LoraModule(layer + "attention.self.key", hidden, hidden, rank));
      modules.add(new LoraModule(layer + "attention.self.value", hidden, hidden, rank));
      modules.add(new LoraModule(layer + "attention.output.dense", hidden, hidden, rank));
      modules.add(new LoraModule(layer + "intermediate.dense", hidden, ffn, rank));
      modules.add(new LoraModule(layer + "output.dense", ffn, hidden, rank));
    }
    LoraConfig config = LoraConfig.of(rank, 2.0 * rank, model, LoraConfig.FEATURE_EXTRACTION);
    return new LoraTarget(name, config, 128, modules);
  }
}
