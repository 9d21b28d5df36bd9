package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Adapters that are small enough to say what they do: PEFT directories in float32. */
public final class SmallAdapters {

  /** How many layers a layered adapter has. */
  public static final int LAYERS = 6;

  private SmallAdapters() {}

  /**
   * One module "m.layers.0.x" of rank 1 and scale 1 that adds B times A, here of two numbers each:
   * with A = (1, 0) its dW is (b1, 0; b2, 0), so that B is the adapter as a point of the plane.
   */
  public static Path point(Path directory, float b1, float b2) {
    return write(directory, Map.of("m.layers.0.x", pair(new float[] {1, 0}, b1, b2)), Map.of());
  }

  /** Several modules, each as a point of the plane. */
  public static Path points(Path directory, Map<String, float[]> bOfModules) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    bOfModules.forEach((path, b) -> weights.put(path, pair(new float[] {1, 0}, b)));
    return write(directory, weights, Map.of());
  }

  private static LoraWeights pair(float[] a, float... b) {
    return new LoraWeights(
        HostFloats.toTensor(a, 1, a.length), HostFloats.toTensor(b, b.length, 1));
  }

  private static Path write(
      Path directory, Map<String, LoraWeights> weights, Map<String, String> metadata) {
    LoraConfig config = LoraConfig.of(1, 1, "base", LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter = new LoraAdapter(config, weights, metadata)) {
      adapter.save(directory, WeightPrecision.F32);
    }
    return directory;
  }

  /**
   * Random q_proj and o_proj in six layers, of rank 4.
   *
   * @param factors what the B of a module is multiplied by, if not 1
   * @param metadata what the adapter says of itself
   */
  public static Path layered(
      Path directory, long seed, Map<String, Float> factors, Map<String, String> metadata) {
    Random random = new Random(seed);
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      for (String name : new String[] {"q_proj", "o_proj"}) {
        String path = "m.layers." + layer + "." + name;
        float factor = factors.getOrDefault(path, 1f);
        weights.put(
            path,
            new LoraWeights(
                HostFloats.toTensor(gaussian(random, 4 * 12, 1), 4, 12),
                HostFloats.toTensor(gaussian(random, 8 * 4, factor), 8, 4)));
      }
    }
    LoraConfig config = LoraConfig.of(4, 8, "base", LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter = new LoraAdapter(config, weights, metadata)) {
      adapter.save(directory, WeightPrecision.F32);
    }
    return directory;
  }

  /** A factor for all modules. */
  public static Map<String, Float> everywhere(float factor) {
    Map<String, Float> factors = new LinkedHashMap<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      factors.put("m.layers." + layer + ".q_proj", factor);
      factors.put("m.layers." + layer + ".o_proj", factor);
    }
    return factors;
  }

  private static float[] gaussian(Random random, int count, float factor) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = factor * 0.1f * (float) random.nextGaussian();
    }
    return values;
  }
}
