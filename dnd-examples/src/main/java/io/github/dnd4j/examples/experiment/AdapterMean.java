package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The mean of adapters in weight space: the mean of their A and the mean of their B. That is a
 * sensible adapter if all of them were tuned from the same initial A; it is not the mean of the
 * changes {@code B A}.
 */
public final class AdapterMean {

  private AdapterMean() {}

  /**
   * The mean of adapters.
   *
   * @param adapters at least one, all of the same modules, ranks and alphas; they stay the caller's
   * @return the mean; the caller closes it
   * @throws InvalidInputException if there are none, or one has other modules, another rank or
   *     another alpha
   */
  public static LoraAdapter of(List<LoraAdapter> adapters) {
    if (Checks.notNull(adapters, "adapters").isEmpty()) {
      throw new InvalidInputException("the mean of no adapters: at least one is needed");
    }
    LoraAdapter first = adapters.get(0);
    adapters.forEach(adapter -> checkAlike(first, adapter));
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : first.modules()) {
      List<LoraWeights> all =
          adapters.stream().map(adapter -> adapter.weights(module.path())).toList();
      weights.put(
          module.path(), new LoraWeights(mean(all, LoraWeights::a), mean(all, LoraWeights::b)));
    }
    return new LoraAdapter(
        first.config(), weights, Map.of("dnd4j.mean_of", Integer.toString(adapters.size())));
  }

  private static void checkAlike(LoraAdapter first, LoraAdapter other) {
    // Their order is that of a file or of a target, and means nothing.
    boolean alike =
        Set.copyOf(first.modules()).equals(Set.copyOf(other.modules()))
            && first.modules().stream()
                .allMatch(m -> first.config().scaleOf(m) == other.config().scaleOf(m));
    if (!alike) {
      throw new InvalidInputException(
          "only adapters of the same modules, ranks and alphas have a mean, not "
              + first
              + " and "
              + other);
    }
  }

  private static INDArray mean(List<LoraWeights> weights, Function<LoraWeights, INDArray> part) {
    INDArray first = part.apply(weights.get(0));
    double[] sums = new double[Math.toIntExact(first.length())];
    for (LoraWeights pair : weights) {
      float[] values = HostFloats.toArray(part.apply(pair));
      for (int i = 0; i < sums.length; i++) {
        sums[i] += values[i];
      }
    }
    float[] means = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      means[i] = (float) (sums[i] / weights.size());
    }
    return HostFloats.toTensor(means, first.shape());
  }
}
