package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How large adapters are and how far apart, as what they do: each is the vector of all numbers of
 * its {@code dW = scale * B @ A}, over all modules. Two adapters whose matrices differ can so be
 * the same. Everything is computed in double precision from products of rank by rank; dW is never
 * formed.
 *
 * <pre>{@code
 * double cosine = LoraGeometry.cosine(generated, trained);
 * LoraNeighbour nearest = LoraGeometry.nearest(generated, trainedOnes).get(0);
 * double[] singularValues = LoraGeometry.spectrum(trained, "model.layers.0.self_attn.q_proj");
 * }</pre>
 *
 * <p>Ranks and alphas of adapters that are compared may differ; their modules may not. {@link
 * LoraAlgebra} combines adapters.
 */
public final class LoraGeometry {

  private LoraGeometry() {}

  /**
   * The Frobenius norm of an adapter.
   *
   * @param adapter the adapter
   * @return the root of the sum of squares of dW over all modules
   * @throws InvalidInputException if a weight is NaN or infinite
   */
  public static double norm(LoraAdapter adapter) {
    return rootOfSquares(moduleNorms(adapter).values());
  }

  /**
   * The Frobenius norms of an adapter's modules.
   *
   * @param adapter the adapter
   * @return the norm of each dW by module path, in the order of the adapter
   * @throws InvalidInputException if a weight is NaN or infinite
   */
  public static Map<String, Double> moduleNorms(LoraAdapter adapter) {
    Map<String, Double> norms = new LinkedHashMap<>();
    for (LoraModule module : Checks.notNull(adapter, "adapter").modules()) {
      norms.put(module.path(), LoraFactors.of(adapter, module, 1).norm());
    }
    return norms;
  }

  /**
   * The inner product of two adapters: {@code <B1 A1, B2 A2> = trace((B1^T B2) (A2 A1^T))} with
   * their scales, summed over the modules.
   *
   * @param first an adapter
   * @param second an adapter of the same modules
   * @return the sum of products of the elements of their dW
   * @throws InvalidInputException if one has a module that the other does not have, or a weight is
   *     NaN or infinite
   * @throws io.github.dnd4j.ShapeMismatchException if a module has another shape in the other
   */
  public static double innerProduct(LoraAdapter first, LoraAdapter second) {
    double sum = 0;
    for (double product : moduleInnerProducts(first, second).values()) {
      sum += product;
    }
    return sum;
  }

  /**
   * The inner products of two adapters' modules.
   *
   * @param first an adapter
   * @param second an adapter of the same modules
   * @return by module path, the sum of products of the elements of the two dW, in the order of the
   *     first adapter
   * @throws InvalidInputException as for {@link #innerProduct}
   */
  public static Map<String, Double> moduleInnerProducts(LoraAdapter first, LoraAdapter second) {
    AlignedModules aligned = pair(first, "the first adapter", second, "the second adapter");
    Map<String, Double> products = new LinkedHashMap<>();
    for (String path : aligned.paths()) {
      LoraFactors ofFirst = aligned.factors(0, path, 1);
      products.put(path, ofFirst.innerProduct(aligned.factors(1, path, 1)));
    }
    return products;
  }

  /**
   * The inner products of every adapter with every other and itself. All that has to do with their
   * places follows from them, for example the squared distance of two, {@code p[i][i] + p[j][j] - 2
   * p[i][j]}; of near equals {@link #distance} is more exact.
   *
   * @param adapters at least one, of the same modules
   * @return the symmetric Gram matrix, a row for each adapter
   * @throws InvalidInputException if there are none, one has other modules, or a weight is NaN or
   *     infinite
   * @throws io.github.dnd4j.ShapeMismatchException if a module has another shape in one of them
   */
  public static double[][] innerProducts(List<LoraAdapter> adapters) {
    AlignedModules aligned = AlignedModules.of(adapters);
    double[][] products = new double[adapters.size()][adapters.size()];
    for (String path : aligned.paths()) {
      List<LoraFactors> factors = new ArrayList<>();
      for (int i = 0; i < adapters.size(); i++) {
        factors.add(aligned.factors(i, path, 1));
        for (int j = 0; j <= i; j++) {
          products[i][j] += factors.get(i).innerProduct(factors.get(j));
          products[j][i] = products[i][j];
        }
      }
    }
    return products;
  }

  /**
   * The cosine of the angle between two adapters.
   *
   * @param first an adapter
   * @param second an adapter of the same modules
   * @return from -1 to 1; NaN if one of them changes nothing and so has no direction
   * @throws InvalidInputException as for {@link #innerProduct}
   */
  public static double cosine(LoraAdapter first, LoraAdapter second) {
    double cosine = innerProduct(first, second) / (norm(first) * norm(second));
    // Of two that point the same way, rounding may make a little more of it than 1.
    return Math.max(-1, Math.min(1, cosine));
  }

  /**
   * The distance of two adapters.
   *
   * @param first an adapter
   * @param second an adapter of the same modules
   * @return the Frobenius norm of the difference of their dW over all modules
   * @throws InvalidInputException as for {@link #innerProduct}
   */
  public static double distance(LoraAdapter first, LoraAdapter second) {
    return rootOfSquares(moduleDistances(first, second).values());
  }

  /**
   * The distances of two adapters' modules.
   *
   * @param first an adapter
   * @param second an adapter of the same modules
   * @return by module path, the Frobenius norm of the difference of the two dW, in the order of the
   *     first adapter
   * @throws InvalidInputException as for {@link #innerProduct}
   */
  public static Map<String, Double> moduleDistances(LoraAdapter first, LoraAdapter second) {
    return distances(pair(first, "the first adapter", second, "the second adapter"));
  }

  private static Map<String, Double> distances(AlignedModules aligned) {
    Map<String, Double> distances = new LinkedHashMap<>();
    for (String path : aligned.paths()) {
      List<LoraFactors> difference =
          List.of(aligned.factors(0, path, 1), aligned.factors(1, path, -1));
      distances.put(path, LoraFactors.sum(difference).norm());
    }
    return distances;
  }

  /**
   * Orders adapters by their distance from one.
   *
   * @param adapter the one
   * @param candidates at least one other, of the same modules
   * @return all candidates, the nearest first; those equally far in the order in which they were
   *     passed
   * @throws InvalidInputException if there are no candidates, or one has other modules; the message
   *     names it and the module
   * @throws io.github.dnd4j.ShapeMismatchException if a module has another shape in one of them
   */
  public static List<LoraNeighbour> nearest(LoraAdapter adapter, List<LoraAdapter> candidates) {
    Checks.notNull(adapter, "adapter");
    if (Checks.notNull(candidates, "candidates").isEmpty()) {
      throw new InvalidInputException("no candidates: at least one is needed");
    }
    List<LoraNeighbour> neighbours = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      String name = "candidate " + (i + 1) + " of " + candidates.size();
      AlignedModules aligned = pair(adapter, "the adapter", candidates.get(i), name);
      neighbours.add(new LoraNeighbour(i, rootOfSquares(distances(aligned).values())));
    }
    neighbours.sort(Comparator.comparingDouble(LoraNeighbour::distance));
    return List.copyOf(neighbours);
  }

  /**
   * The singular values of one module's dW.
   *
   * @param adapter the adapter
   * @param path the module's path
   * @return the smallest of rank, in and out many, largest first
   * @throws InvalidInputException if the adapter has no such module, or a weight is NaN or infinite
   */
  public static double[] spectrum(LoraAdapter adapter, String path) {
    LoraModule module =
        Checks.notNull(adapter, "adapter").modules().stream()
            .filter(candidate -> candidate.path().equals(path))
            .findFirst()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "the adapter has no module "
                            + path
                            + ": see modules() for those that it has"));
    return LoraFactors.of(adapter, module, 1).spectrum();
  }

  private static AlignedModules pair(
      LoraAdapter first, String firstName, LoraAdapter second, String secondName) {
    Checks.notNull(first, firstName);
    Checks.notNull(second, secondName);
    return new AlignedModules(List.of(first, second), List.of(firstName, secondName));
  }

  static double rootOfSquares(Collection<Double> values) {
    return Math.sqrt(values.stream().mapToDouble(value -> value * value).sum());
  }
}
