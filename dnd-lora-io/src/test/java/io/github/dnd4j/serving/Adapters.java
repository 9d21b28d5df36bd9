package io.github.dnd4j.serving;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.factory.Nd4j;

/** Small adapters of Qwen2.5's form. */
final class Adapters {

  static final String QUERY = "model.layers.0.self_attn.q_proj";
  static final String VALUE = "model.layers.0.self_attn.v_proj";
  private static final int WIDTH = 8;

  private Adapters() {}

  static LoraConfig plain(int rank) {
    return LoraConfig.of(rank, 16, "Qwen/Qwen2.5-0.5B-Instruct", LoraConfig.CAUSAL_LM);
  }

  static LoraConfig rankStabilized(int rank) {
    return new LoraConfig(rank, 16, true, 0, "base", LoraConfig.CAUSAL_LM, Map.of(), Map.of());
  }

  static LoraConfig alphaOfValues(double alpha) {
    return new LoraConfig(
        4, 16, false, 0, "base", LoraConfig.CAUSAL_LM, Map.of(), Map.of("v_proj", alpha));
  }

  static LoraAdapter of(LoraConfig config) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (String path : new String[] {QUERY, VALUE}) {
      int rank = config.rankOf(path);
      weights.put(path, new LoraWeights(Nd4j.ones(rank, WIDTH), Nd4j.ones(WIDTH, rank)));
    }
    return new LoraAdapter(config, weights, Map.of());
  }

  static Path save(LoraConfig config, Path directory) {
    try (LoraAdapter adapter = of(config)) {
      adapter.save(directory, WeightPrecision.F32);
    }
    return directory;
  }
}
