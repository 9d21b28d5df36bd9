package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * New adapters from existing ones. What an adapter means is the change {@code dW = scale * B @ A}
 * of each module, and unless a method says otherwise it is dW that is scaled, added and averaged.
 * It is computed in double precision and never formed as a whole; results are rounded to float32.
 *
 * <pre>{@code
 * try (LoraAdapter both = LoraAlgebra.weightedSum(List.of(math, code), 0.7, 0.3); // rank 8 + 16
 *     RankReduction small = LoraAlgebra.reduceRank(both, 8)) {
 *   small.adapter().save(Path.of("math-and-code"));
 *   System.out.println(small.relativeError());
 * }
 * }</pre>
 *
 * <p>The adapters that are passed in stay the caller's, and so does the result, which the caller
 * closes. Ranks and alphas may differ between adapters and between modules, and so may rsLoRA; the
 * modules may not. {@link LoraGeometry} measures adapters.
 */
public final class LoraAlgebra {

  /** The metadata entry in which results say how they were made. */
  public static final String DERIVATION = "dnd4j.derivation";

  private LoraAlgebra() {}

  /**
   * An adapter times a number: its B is multiplied, its configuration stays.
   *
   * @param adapter the adapter
   * @param factor a finite number, zero and negative ones among them
   * @return the adapter whose dW is {@code factor * dW}
   * @throws InvalidInputException if the factor is not finite, or a result is beyond float32
   */
  public static LoraAdapter scale(LoraAdapter adapter, double factor) {
    Checks.notNull(adapter, "adapter");
    checkFinite(factor, "factor");
    return build(
        adapter.config(),
        adapter.modules().stream().map(LoraModule::path).toList(),
        path -> {
          LoraWeights weights = adapter.weights(path);
          return pair(
              () -> linear(List.of(weights.a()), path, 1),
              () -> linear(List.of(weights.b()), path, factor));
        },
        derived(adapter, "scaled by " + factor));
  }

  /**
   * The weighted sum of adapters, exact but for the rounding to float32: {@code dW = w1 dW1 + w2
   * dW2 + ...}. Their matrices are put side by side, so that a module's rank is the sum of its
   * ranks in all of them; {@link #reduceRank} makes it smaller again.
   *
   * @param adapters at least one, of the same modules
   * @param weights a finite factor for each
   * @return the sum, whose scale is 1 in every module: alpha equals the rank, and where ranks
   *     differ between modules, {@code rankPattern} and {@code alphaPattern} list them. Base model
   *     and task type are the first adapter's
   * @throws InvalidInputException if there is not one weight for each adapter, or one has a module
   *     that another does not have; the message names adapter and module
   * @throws io.github.dnd4j.ShapeMismatchException if a module has another shape in another adapter
   */
  public static LoraAdapter weightedSum(List<LoraAdapter> adapters, double... weights) {
    AlignedModules aligned = AlignedModules.of(adapters);
    checkWeights(adapters, weights);
    Map<String, Integer> ranks = new LinkedHashMap<>();
    for (LoraAdapter adapter : adapters) {
      adapter
          .modules()
          .forEach(module -> ranks.merge(module.path(), module.rank(), Math::addExact));
    }
    return build(
        unitScale(adapters.get(0).config(), ranks),
        aligned.paths(),
        path -> {
          List<LoraFactors> parts = new ArrayList<>();
          for (int i = 0; i < adapters.size(); i++) {
            parts.add(aligned.factors(i, path, weights[i]));
          }
          return LoraFactors.sum(parts).toWeights();
        },
        Map.of(
            DERIVATION,
            "weighted sum of " + adapters.size() + " adapters " + Arrays.toString(weights)));
  }

  /**
   * The mean of what adapters do, {@code (dW1 + ... + dWn) / n}: the {@link #weightedSum} with
   * equal weights, and of its rank.
   *
   * @param adapters at least one, of the same modules
   * @return the mean
   * @throws InvalidInputException as for {@link #weightedSum}
   */
  public static LoraAdapter mean(List<LoraAdapter> adapters) {
    return weightedSum(adapters, equalWeights(adapters));
  }

  /**
   * The mean of matrices: that of all A and that of all B, of the rank that they have. That is a
   * sensible adapter only if all of them were tuned from the same initial A, for example in one
   * training run; it is not the mean of what they do, which is {@link #mean}.
   *
   * @param adapters at least one, all of the same modules, ranks and alphas
   * @return the mean, with the first adapter's configuration
   * @throws InvalidInputException if there are none, or one has other modules, another rank or
   *     another alpha; the message names adapter and module
   */
  public static LoraAdapter meanOfMatrices(List<LoraAdapter> adapters) {
    return meanOfMatrices(adapters, equalWeights(adapters));
  }

  /**
   * The weighted mean of matrices, as {@link #meanOfMatrices(List)}.
   *
   * @param adapters at least one, all of the same modules, ranks and alphas
   * @param shares how much each counts, in all 1
   * @return the mean, with the first adapter's configuration
   * @throws InvalidInputException as for {@link #meanOfMatrices(List)}, or if the shares do not add
   *     up to 1
   */
  public static LoraAdapter meanOfMatrices(List<LoraAdapter> adapters, double... shares) {
    AlignedModules aligned = AlignedModules.of(adapters);
    aligned.checkSameFactors();
    checkWeights(adapters, shares);
    double sum = Arrays.stream(shares).sum();
    if (Math.abs(sum - 1) > 1e-6) {
      throw new InvalidInputException("the shares must add up to 1, but come to " + sum);
    }
    return build(
        adapters.get(0).config(),
        aligned.paths(),
        path -> {
          List<LoraWeights> all = adapters.stream().map(adapter -> adapter.weights(path)).toList();
          return pair(
              () -> linear(all.stream().map(LoraWeights::a).toList(), path, shares),
              () -> linear(all.stream().map(LoraWeights::b).toList(), path, shares));
        },
        Map.of(
            DERIVATION,
            "mean of the matrices of " + adapters.size() + " adapters " + Arrays.toString(shares)));
  }

  /**
   * The adapter of a smaller rank that is nearest to an adapter in the Frobenius norm of dW, module
   * by module: the truncated singular value decomposition (Eckart and Young, 1936), by way of QR
   * decompositions of B and A. Modules of that rank or a smaller one stay as they are.
   *
   * @param adapter the adapter
   * @param rank the largest rank that a module is to have, at least 1
   * @return the adapter, whose scale is 1 in every module, and how much of dW it leaves out; the
   *     caller closes it
   */
  public static RankReduction reduceRank(LoraAdapter adapter, int rank) {
    Checks.notNull(adapter, "adapter");
    Checks.positive(rank, "rank");
    AlignedModules modules = AlignedModules.of(List.of(adapter));
    Map<String, Integer> ranks = new LinkedHashMap<>();
    adapter.modules().forEach(module -> ranks.put(module.path(), Math.min(rank, module.rank())));
    Map<String, Double> errors = new LinkedHashMap<>();
    LoraAdapter reduced =
        build(
            unitScale(adapter.config(), ranks),
            modules.paths(),
            path -> {
              LoraFactors factors = modules.factors(0, path, 1);
              if (factors.rank() <= rank) {
                errors.put(path, 0.0);
                return factors.toWeights();
              }
              LoraFactors.Truncation truncation = factors.truncate(rank);
              errors.put(path, truncation.error());
              return truncation.factors().toWeights();
            },
            derived(adapter, "reduced to rank " + rank));
    try {
      return new RankReduction(reduced, errors, LoraGeometry.norm(adapter));
    } catch (RuntimeException | Error e) {
      reduced.close();
      throw e;
    }
  }

  private static double[] equalWeights(List<LoraAdapter> adapters) {
    double[] weights = new double[Checks.notNull(adapters, "adapters").size()];
    Arrays.fill(weights, 1.0 / weights.length);
    return weights;
  }

  private static void checkWeights(List<LoraAdapter> adapters, double[] weights) {
    if (Checks.notNull(weights, "weights").length != adapters.size()) {
      throw new InvalidInputException(
          "there are " + adapters.size() + " adapters, but " + weights.length + " weights");
    }
    for (int i = 0; i < weights.length; i++) {
      checkFinite(weights[i], "the weight of adapter " + (i + 1) + " of " + weights.length);
    }
  }

  private static void checkFinite(double value, String name) {
    if (!Double.isFinite(value)) {
      throw new InvalidInputException(name + " must be a finite number, but is " + value);
    }
  }

  /** The configuration of an adapter of these ranks whose matrices hold the scale. */
  private static LoraConfig unitScale(LoraConfig like, Map<String, Integer> ranks) {
    // The largest is what servers compare with the largest that they allow.
    int rank = Collections.max(ranks.values());
    Map<String, Integer> rankPattern = new TreeMap<>();
    ranks.forEach((path, own) -> addUnless(own == rank, rankPattern, path, own));
    // A key stands for all paths that end with it, some of which may have the common rank.
    LoraConfig draft = unitScale(like, rank, rankPattern);
    ranks.forEach((path, own) -> addUnless(draft.rankOf(path) == own, rankPattern, path, own));
    return unitScale(like, rank, rankPattern);
  }

  private static void addUnless(
      boolean known, Map<String, Integer> pattern, String path, int rank) {
    if (!known) {
      pattern.put(path, rank);
    }
  }

  private static LoraConfig unitScale(LoraConfig like, int rank, Map<String, Integer> rankPattern) {
    Map<String, Double> alphaPattern = new TreeMap<>();
    rankPattern.forEach((path, own) -> alphaPattern.put(path, (double) own));
    return new LoraConfig(
        rank,
        rank,
        false,
        like.dropout(),
        like.baseModel(),
        like.taskType(),
        rankPattern,
        alphaPattern);
  }

  /** What the adapter says of itself still holds, and what was done with it. */
  private static Map<String, String> derived(LoraAdapter adapter, String how) {
    Map<String, String> metadata = new TreeMap<>(adapter.metadata());
    metadata.merge(DERIVATION, how, (before, now) -> before + "; " + now);
    return metadata;
  }

  private static LoraAdapter build(
      LoraConfig config,
      List<String> paths,
      Function<String, LoraWeights> weightsOf,
      Map<String, String> metadata) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    try {
      paths.forEach(path -> weights.put(path, weightsOf.apply(path)));
      return new LoraAdapter(config, weights, metadata);
    } catch (RuntimeException | Error e) {
      weights.values().forEach(LoraWeights::close);
      throw e;
    }
  }

  private static LoraWeights pair(Supplier<INDArray> first, Supplier<INDArray> second) {
    INDArray a = first.get();
    try {
      return new LoraWeights(a, second.get());
    } catch (RuntimeException | Error e) {
      a.close();
      throw e;
    }
  }

  /** A linear combination of matrices of one shape. */
  private static INDArray linear(List<INDArray> matrices, String path, double... factors) {
    INDArray first = matrices.get(0);
    double[] sums = new double[Math.toIntExact(first.length())];
    for (int part = 0; part < factors.length; part++) {
      float[] values = HostFloats.toArray(matrices.get(part));
      for (int i = 0; i < sums.length; i++) {
        sums[i] += factors[part] * values[i];
      }
    }
    return HostFloats.toTensor(LoraFactors.floats(path, sums), first.shape());
  }
}
