package io.github.dnd4j.lora;

import io.github.dnd4j.internal.HostFloats;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Adapters for tests: small random ones, and their numbers as plain arrays. */
final class TestAdapters {

  private TestAdapters() {}

  /** Gaussian weights with the spread of real ones and a mean that is not zero. */
  static LoraAdapter random(LoraTarget target, long seed) {
    return random(target.config(), target.modules(), seed);
  }

  static LoraAdapter random(LoraConfig config, List<LoraModule> modules, long seed) {
    Random random = new Random(seed);
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : modules) {
      weights.put(
          module.path(),
          new LoraWeights(
              gaussian(random, module.rank(), module.in()),
              gaussian(random, module.out(), module.rank())));
    }
    return new LoraAdapter(config, weights, Map.of());
  }

  private static INDArray gaussian(Random random, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.003 + 0.02 * random.nextGaussian());
    }
    return HostFloats.toTensor(values, rows, columns);
  }

  /** One module, one value everywhere in A and another in B. */
  static LoraAdapter constant(LoraTarget target, float a, float b) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : target.modules()) {
      weights.put(
          module.path(),
          new LoraWeights(
              filled(a, module.rank(), module.in()), filled(b, module.out(), module.rank())));
    }
    return new LoraAdapter(target.config(), weights, Map.of());
  }

  static INDArray filled(float value, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    java.util.Arrays.fill(values, value);
    return HostFloats.toTensor(values, rows, columns);
  }

  static float[] a(LoraAdapter adapter, LoraModule module) {
    return HostFloats.toArray(adapter.weights(module.path()).a());
  }

  static float[] b(LoraAdapter adapter, LoraModule module) {
    return HostFloats.toArray(adapter.weights(module.path()).b());
  }
}
