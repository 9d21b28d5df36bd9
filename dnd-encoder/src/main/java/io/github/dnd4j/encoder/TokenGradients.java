package io.github.dnd4j.encoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The gradients of {@link TokenOps}. */
final class TokenGradients {

  private TokenGradients() {}

  /**
   * LayerNorm of a sum, as {@link TokenOps#addAndNormalize}, but keeps what its gradient needs.
   *
   * @param x {@code [rows, C]}
   * @param residual {@code [rows, C]}
   * @param norm the affine part
   * @param eps what is added to the variance
   * @param state where to keep it
   * @param target {@code [rows, C]}
   */
  static void addAndNormalize(
      INDArray x,
      INDArray residual,
      BertWeights.Norm norm,
      float eps,
      NormState state,
      INDArray target) {
    int width = (int) x.size(1);
    int rows = (int) x.size(0);
    state.prepare(rows);
    INDArray normalized = state.normalized.rows(rows);
    RowBlocks.forEach(
        rows,
        (first, count) -> {
          float[] values = TokenOps.read(x, first, count);
          TokenOps.add(values, 0, TokenOps.read(residual, first, count));
          for (int row = 0; row < count; row++) {
            state.scales[first + row] = TokenOps.standardize(values, row * width, width, eps);
          }
          TokenOps.write(normalized, first, values);
          for (int row = 0; row < count; row++) {
            TokenOps.applyAffine(values, row * width, norm);
          }
          TokenOps.write(target, first, values);
        });
  }

  /**
   * The gradient of a LayerNorm's input, which is that of both terms of the sum. With n the
   * normalised row, s one over its deviation and h = gradient * weight, it is {@code s (h - mean(h)
   * - n mean(h n))}.
   *
   * @param gradient of the norm's result, {@code [rows, C]}
   * @param more another one to be added to it, or null
   * @param norm the affine part
   * @param state what the forward pass kept
   * @param target {@code [rows, C]}, to be filled; may be one of the gradients
   */
  static void normBackward(
      INDArray gradient, INDArray more, BertWeights.Norm norm, NormState state, INDArray target) {
    int width = (int) gradient.size(1);
    int rows = (int) gradient.size(0);
    INDArray normalized = state.normalized.rows(rows);
    RowBlocks.forEach(
        rows,
        (first, count) -> {
          float[] values = TokenOps.read(gradient, first, count);
          if (more != null) {
            TokenOps.add(values, 0, TokenOps.read(more, first, count));
          }
          float[] n = TokenOps.read(normalized, first, count);
          for (int row = 0; row < count; row++) {
            rowBackward(values, n, row * width, norm, state.scales[first + row]);
          }
          TokenOps.write(target, first, values);
        });
  }

  private static void rowBackward(
      float[] gradient, float[] n, int from, BertWeights.Norm norm, float scale) {
    float[] weight = norm.weight();
    int width = weight.length;
    for (int i = 0; i < width; i++) {
      gradient[from + i] *= weight[i];
    }
    float mean = TokenOps.sum(gradient, from, width) / width;
    float slope = TokenOps.sumOfProducts(gradient, n, from, width) / width;
    for (int i = 0; i < width; i++) {
      gradient[from + i] = scale * (gradient[from + i] - mean - n[from + i] * slope);
    }
  }

  /**
   * The gradient of a GELU's input. Gives its result anew as well, which saves keeping it.
   *
   * @param x the GELU's input, {@code [rows, F]}
   * @param gradient of its result, {@code [rows, F]}; becomes that of its input
   * @param activated its result, {@code [rows, F]}, to be filled
   */
  static void geluBackward(INDArray x, INDArray gradient, INDArray activated) {
    RowBlocks.forEach(
        (int) x.size(0),
        (first, count) -> {
          float[] values = TokenOps.read(x, first, count);
          float[] gradients = TokenOps.read(gradient, first, count);
          TokenOps.geluBackward(values, gradients);
          TokenOps.write(gradient, first, gradients);
          TokenOps.write(activated, first, values);
        });
  }
}
