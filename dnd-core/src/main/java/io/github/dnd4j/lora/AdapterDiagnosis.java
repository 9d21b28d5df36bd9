package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Whether an adapter does anything, and what is wrong with it: the state of every module, computed
 * in double precision without forming dW. Unlike {@link LoraGeometry} it takes adapters with
 * weights that are NaN or infinite, and finds them.
 *
 * <pre>{@code
 * AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
 * if (!diagnosis.isHealthy()) {
 *   log.error("broken: {}, does nothing: {}", diagnosis.brokenMatrices(), diagnosis.doesNothing());
 * }
 * }</pre>
 *
 * @param modules the modules, layer by layer
 */
public record AdapterDiagnosis(List<ModuleDiagnosis> modules) {

  /** Fewer have no usual size. */
  private static final int FEWEST_TO_COMPARE = 5;

  /** In powers of ten. */
  private static final double FEWEST_DECADES = 1;

  private static final double FEWEST_DEVIATIONS = 6;

  /** Makes a median absolute deviation the standard deviation, for a normal distribution. */
  private static final double DEVIATIONS_OF_NORMAL = 1.4826;

  /**
   * Copies the values.
   *
   * @param modules the modules, at least one
   */
  public AdapterDiagnosis {
    modules = List.copyOf(Checks.notNull(modules, "modules"));
    if (modules.isEmpty()) {
      throw new InvalidInputException("a diagnosis needs at least one module");
    }
  }

  /**
   * Examines an adapter.
   *
   * @param adapter the adapter
   * @return what was found
   */
  public static AdapterDiagnosis of(LoraAdapter adapter) {
    return new AdapterDiagnosis(
        Checks.notNull(adapter, "adapter").modules().stream()
            .sorted(ModuleOrder.CANONICAL)
            .map(module -> ModuleDiagnosis.of(adapter, module))
            .toList());
  }

  /**
   * The size of the whole change.
   *
   * @return the root of the sum of squares of dW over all modules; NaN if one is broken
   */
  public double norm() {
    return LoraGeometry.rootOfSquares(modules.stream().map(ModuleDiagnosis::norm).toList());
  }

  /**
   * The matrices that hold a NaN or an infinite number.
   *
   * @return these, in the order of the modules
   */
  public List<MatrixDiagnosis> brokenMatrices() {
    List<MatrixDiagnosis> broken = new ArrayList<>();
    for (ModuleDiagnosis module : modules) {
      for (MatrixDiagnosis matrix : List.of(module.a(), module.b())) {
        if (matrix.isBroken()) {
          broken.add(matrix);
        }
      }
    }
    return broken;
  }

  /**
   * The modules that do nothing.
   *
   * @return those whose dW is 0
   */
  public List<ModuleDiagnosis> zeroModules() {
    return modules.stream().filter(ModuleDiagnosis::isZero).toList();
  }

  /**
   * The modules whose change is far larger than that of the others. A module's size is the decimal
   * logarithm of its root mean square. It explodes if that is above the median of the modules of
   * its kind (the same place in other layers), or above that of all modules, by more than 1 (ten
   * times as large) and by more than six robust standard deviations (1.4826 times the median
   * absolute deviation). Modules that are broken or 0 do not count, and of fewer than five there is
   * nothing to say.
   *
   * @return these modules
   */
  public List<ModuleDiagnosis> explodingModules() {
    List<ModuleDiagnosis> sized = sizedModules();
    return sized.stream()
        .filter(
            module ->
                isOutlier(module, sized)
                    || isOutlier(
                        module,
                        sized.stream()
                            .filter(other -> other.module().kind().equals(module.module().kind()))
                            .toList()))
        .toList();
  }

  /**
   * What the sizes of modules are compared with.
   *
   * @return the median of {@link ModuleDiagnosis#rootMeanSquare} over the modules that are neither
   *     broken nor 0; NaN if there are none
   */
  public double medianRootMeanSquare() {
    return median(sizedModules().stream().mapToDouble(ModuleDiagnosis::rootMeanSquare).toArray());
  }

  /**
   * Whether a number is NaN or infinite.
   *
   * @return whether one is
   */
  public boolean isBroken() {
    return modules.stream().anyMatch(ModuleDiagnosis::isBroken);
  }

  /**
   * Whether the model with the adapter is the model without it.
   *
   * @return whether dW is 0 in every module
   */
  public boolean doesNothing() {
    return modules.stream().allMatch(ModuleDiagnosis::isZero);
  }

  /**
   * Whether the adapter can be used: it has an effect, and no number is NaN or infinite.
   *
   * @return whether it is neither broken nor without effect
   */
  public boolean isHealthy() {
    return !isBroken() && !doesNothing();
  }

  private List<ModuleDiagnosis> sizedModules() {
    return modules.stream().filter(module -> !module.isBroken() && !module.isZero()).toList();
  }

  private static boolean isOutlier(ModuleDiagnosis module, List<ModuleDiagnosis> group) {
    if (group.size() < FEWEST_TO_COMPARE) {
      return false;
    }
    double[] sizes = group.stream().mapToDouble(AdapterDiagnosis::size).toArray();
    double median = median(sizes);
    double deviation =
        DEVIATIONS_OF_NORMAL
            * median(Arrays.stream(sizes).map(size -> Math.abs(size - median)).toArray());
    return size(module) - median > Math.max(FEWEST_DECADES, FEWEST_DEVIATIONS * deviation);
  }

  private static double size(ModuleDiagnosis module) {
    return Math.log10(module.rootMeanSquare());
  }

  private static double median(double[] values) {
    if (values.length == 0) {
      return Double.NaN;
    }
    Arrays.sort(values);
    return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
  }
}
