package io.github.dnd4j.encoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * RMSNorm (Zhang and Sennrich, arXiv 1910.07467), which divides a row by the root of its mean
 * square, without a mean to subtract and without a bias: {@code x * weight / sqrt(mean(x^2) +
 * eps)}.
 */
final class RmsNorm {

  private final float[] weight;
  private final float eps;

  /**
   * Makes a norm.
   *
   * @param weight what each number of a row is multiplied with
   * @param eps what is added to the mean square
   */
  RmsNorm(float[] weight, float eps) {
    this.weight = weight;
    this.eps = eps;
  }

  /**
   * Normalizes rows.
   *
   * @param x {@code [rows, C]}
   * @param target {@code [rows, C]}, to be filled; may be x
   */
  void apply(INDArray x, INDArray target) {
    RowBlocks.forEach(
        (int) x.size(0),
        (first, count) -> {
          float[] rows = TokenOps.read(x, first, count);
          apply(rows);
          TokenOps.write(target, first, rows);
        });
  }

  /** Normalizes rows that stand one after the other, in place. */
  void apply(float[] rows) {
    for (int from = 0; from < rows.length; from += weight.length) {
      apply(rows, from);
    }
  }

  /** Normalizes one row, in place. */
  void apply(float[] values, int from) {
    float square = TokenOps.sumOfProducts(values, values, from, weight.length);
    float scale = (float) (1 / Math.sqrt(square / weight.length + eps));
    for (int i = 0; i < weight.length; i++) {
      values[from + i] *= scale * weight[i];
    }
  }
}
