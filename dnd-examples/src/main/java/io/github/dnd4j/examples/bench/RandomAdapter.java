package io.github.dnd4j.examples.bench;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Adapters of random weights, to measure and to try things with. */
public final class RandomAdapter {

  /** About what the weights of real adapters have. */
  private static final float DEVIATION = 0.02f;

  private RandomAdapter() {}

  /**
   * Writes a PEFT directory.
   *
   * @param directory where to
   * @param target whose modules it changes
   * @param seed decides the weights
   * @return the directory
   */
  public static Path write(Path directory, LoraTarget target, long seed) {
    Random random = new Random(seed);
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : target.modules()) {
      weights.put(
          module.path(),
          new LoraWeights(
              gaussian(random, module.rank(), module.in()),
              gaussian(random, module.out(), module.rank())));
    }
    try (LoraAdapter adapter = new LoraAdapter(target.config(), weights, Map.of())) {
      adapter.save(directory);
    }
    return directory;
  }

  private static INDArray gaussian(Random random, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = DEVIATION * (float) random.nextGaussian();
    }
    return HostFloats.toTensor(values, rows, columns);
  }
}
