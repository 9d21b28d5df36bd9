package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The length of all gradients together, and its limit. */
final class GradientNorm {

  /** PyTorch's, against a division by zero. */
  private static final double EPSILON = 1e-6;

  /** Squares are summed in float32 over this many numbers at most, and in float64 beyond. */
  private static final int ROW = 1 << 12;

  private GradientNorm() {}

  /** The Euclidean length of a flat array. */
  static double of(INDArray flat) {
    long rows = flat.length() / ROW;
    double sum = 0;
    if (rows > 0) {
      INDArray whole = flat.get(NDArrayIndex.interval(0, rows * ROW)).reshape('c', rows, ROW);
      try (INDArray norms = whole.norm2(1)) {
        sum += sumOfSquares(norms);
      }
    }
    if (rows * ROW < flat.length()) {
      sum += sumOfSquares(flat.get(NDArrayIndex.interval(rows * ROW, flat.length())));
    }
    return Math.sqrt(sum);
  }

  private static double sumOfSquares(INDArray values) {
    double sum = 0;
    for (float value : HostFloats.toArray(values)) {
      sum += (double) value * value;
    }
    return sum;
  }

  /**
   * Shortens gradients that are longer than allowed, as PyTorch's {@code clip_grad_norm_}.
   *
   * @param norm their length
   * @param limit the greatest length allowed
   */
  static void clip(INDArray flat, double norm, double limit) {
    if (norm > limit) {
      flat.muli(limit / (norm + EPSILON));
    }
  }
}
