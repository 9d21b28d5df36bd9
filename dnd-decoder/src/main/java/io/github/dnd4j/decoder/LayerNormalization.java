package io.github.dnd4j.decoder;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Layer normalisation over all of a row: {@code z = (x - mean) / sqrt(variance + eps) * weight +
 * bias}, with the population variance. ND4J's own operation has no eps.
 */
final class LayerNormalization {

  /** PyTorch's default. */
  private static final double EPSILON = 1e-5;

  private LayerNormalization() {}

  /**
   * Mean and reciprocal standard deviation of every row; the owner closes both.
   *
   * @param mean {@code [R]}
   * @param inverseDeviation {@code [R]}
   */
  record Statistics(INDArray mean, INDArray inverseDeviation) implements AutoCloseable {

    static Statistics of(INDArray rows) {
      INDArray mean = rows.mean(1);
      try (INDArray centred = rows.subColumnVector(mean)) {
        INDArray norm = centred.norm2(1);
        // 1 / sqrt(norm^2 / columns + eps), in place
        norm.muli(norm).divi(rows.size(1)).addi(EPSILON);
        Transforms.sqrt(norm, false).rdivi(1);
        return new Statistics(mean, norm);
      }
    }

    @Override
    public void close() {
      mean.close();
      inverseDeviation.close();
    }
  }

  /**
   * The forward pass.
   *
   * @param x {@code [B, N, L, C]}, whose rows are the last two axes
   * @param weight {@code [L, C]}
   * @param bias likewise
   * @return z, of the same shape; the caller closes it
   */
  static INDArray forward(INDArray x, Statistics statistics, INDArray weight, INDArray bias) {
    INDArray z = normalised(x, statistics);
    rows(z).muliRowVector(asRow(weight)).addiRowVector(asRow(bias));
    return z;
  }

  /** A copy of x whose rows have mean 0 and variance 1; the caller closes it. */
  private static INDArray normalised(INDArray x, Statistics statistics) {
    INDArray copy = x.dup('c');
    rows(copy).subiColumnVector(statistics.mean()).muliColumnVector(statistics.inverseDeviation());
    return copy;
  }

  /**
   * The backward pass.
   *
   * @param zGradient the gradient of the result; is overwritten
   * @param weightGradient is filled
   * @param biasGradient is filled
   * @return the gradient of x; the caller closes it
   */
  static INDArray backward(
      INDArray x,
      Statistics statistics,
      INDArray weight,
      INDArray zGradient,
      INDArray weightGradient,
      INDArray biasGradient) {
    INDArray result = normalised(x, statistics);
    INDArray normalised = rows(result);
    INDArray gradient = rows(zGradient);
    try (INDArray product = gradient.mul(normalised);
        INDArray weightSum = product.sum(0);
        INDArray biasSum = gradient.sum(0)) {
      asRow(weightGradient).assign(asRow(weightSum));
      asRow(biasGradient).assign(asRow(biasSum));
    }
    // dx = (g - mean(g) - x' * mean(g * x')) / s, with g = gradient * weight and x' = normalised
    gradient.muliRowVector(asRow(weight));
    try (INDArray product = gradient.mul(normalised);
        INDArray correlation = product.mean(1);
        INDArray mean = gradient.mean(1)) {
      normalised.muliColumnVector(correlation).rsubi(gradient).subiColumnVector(mean);
    }
    normalised.muliColumnVector(statistics.inverseDeviation());
    return result;
  }

  /** A map {@code [B, N, L, C]} as rows {@code [B * N, L * C]}: a view of the same memory. */
  static INDArray rows(INDArray map) {
    return map.reshape('c', map.size(0) * map.size(1), map.size(2) * map.size(3));
  }

  private static INDArray asRow(INDArray vector) {
    return vector.reshape('c', 1, vector.length());
  }
}
