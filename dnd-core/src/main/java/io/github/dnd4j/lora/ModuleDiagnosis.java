package io.github.dnd4j.lora;

import io.github.dnd4j.internal.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * What a module's change {@code dW = scale * B @ A} is like; part of an {@link AdapterDiagnosis}.
 *
 * @param module the module
 * @param scale what {@code B @ A} is multiplied by
 * @param a its A
 * @param b its B
 * @param singularValues those of dW, largest first, as many as the smallest of rank, in and out;
 *     none if a number of A or B is NaN or infinite
 */
public record ModuleDiagnosis(
    LoraModule module,
    double scale,
    MatrixDiagnosis a,
    MatrixDiagnosis b,
    List<Double> singularValues) {

  /** What double precision leaves of a product that is 0, in relation to its factors. */
  private static final double ROUNDING = 1e-13;

  /**
   * Copies the values.
   *
   * @param module the module
   * @param scale what {@code B @ A} is multiplied by
   * @param a its A
   * @param b its B
   * @param singularValues those of dW
   */
  public ModuleDiagnosis {
    Checks.notNull(module, "module");
    Checks.notNull(a, "a");
    Checks.notNull(b, "b");
    singularValues = List.copyOf(Checks.notNull(singularValues, "singularValues"));
  }

  static ModuleDiagnosis of(LoraAdapter adapter, LoraModule module) {
    LoraWeights weights = adapter.weights(module.path());
    MatrixDiagnosis a = MatrixDiagnosis.of(module.path() + ".lora_A", weights.a());
    MatrixDiagnosis b = MatrixDiagnosis.of(module.path() + ".lora_B", weights.b());
    double[] spectrum =
        a.isBroken() || b.isBroken()
            ? new double[0]
            : LoraFactors.of(adapter, module, 1).spectrum();
    return new ModuleDiagnosis(
        module, adapter.config().scaleOf(module), a, b, Arrays.stream(spectrum).boxed().toList());
  }

  /**
   * Whether a number of A or B is NaN or infinite, so that dW is none.
   *
   * @return whether one is
   */
  public boolean isBroken() {
    return a.isBroken() || b.isBroken();
  }

  /**
   * Whether the module does nothing.
   *
   * @return whether dW is 0 but for the rounding of double precision, and not broken
   */
  public boolean isZero() {
    return norm() <= ROUNDING * Math.abs(scale) * a.norm() * b.norm();
  }

  /**
   * The size of the change.
   *
   * @return the Frobenius norm of dW; NaN if it is broken
   */
  public double norm() {
    return isBroken() ? Double.NaN : LoraGeometry.rootOfSquares(singularValues);
  }

  /**
   * The size of the change for each weight, which modules of different shapes can be compared by.
   *
   * @return the root mean square of dW's elements; NaN if it is broken
   */
  public double rootMeanSquare() {
    return norm() / Math.sqrt((double) module.in() * module.out());
  }

  /**
   * How many directions the change makes use of: the exponential of the entropy of the singular
   * values' shares of their sum (Roy and Vetterli, 2007).
   *
   * @return from 1 to the number of singular values; 0 if dW is 0, NaN if it is broken
   */
  public double effectiveRank() {
    return ofSpectrum(
        sum -> {
          double entropy = 0;
          for (double value : singularValues) {
            double share = value / sum;
            entropy -= share > 0 ? share * Math.log(share) : 0;
          }
          return Math.exp(entropy);
        });
  }

  /**
   * The stable rank {@code |dW|_F^2 / |dW|_2^2}: 1 if one direction is all, and as many as there
   * are singular values if all are equal. Small ones count less than in {@link #effectiveRank}.
   *
   * @return the sum of the squares of the singular values in relation to the largest one's; 0 if dW
   *     is 0, NaN if it is broken
   */
  public double stableRank() {
    return ofSpectrum(
        sum -> {
          double ratio = norm() / singularValues.get(0);
          return ratio * ratio;
        });
  }

  /**
   * How much of the change is in one direction.
   *
   * @return the largest singular value in relation to the sum of all; 0 if dW is 0, NaN if it is
   *     broken
   */
  public double largestShare() {
    return ofSpectrum(sum -> singularValues.get(0) / sum);
  }

  private double ofSpectrum(DoubleUnaryOperator measure) {
    if (isBroken()) {
      return Double.NaN;
    }
    double sum = singularValues.stream().mapToDouble(value -> value).sum();
    return isZero() ? 0 : measure.applyAsDouble(sum);
  }
}
