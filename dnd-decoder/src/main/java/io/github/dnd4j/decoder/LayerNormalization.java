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

    static Statistics of(INDArray x) {
      INDArray mean = rowMeans(x);
      try (INDArray squares = x.dup('c')) {
        rows(squares).subiColumnVector(mean);
        INDArray variance = rowMeans(squares.muli(squares));
        Transforms.sqrt(variance.addi(EPSILON), false).rdivi(1);
        return new Statistics(mean, variance);
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
    try (INDArray product = zGradient.mul(result);
        INDArray weightSum = rows(product).sum(0);
        INDArray biasSum = rows(zGradient).sum(0)) {
      asRow(weightGradient).assign(asRow(weightSum));
      asRow(biasGradient).assign(asRow(biasSum));
    }
    // dx = (g - mean(g) - x' * mean(g * x')) / s, with g = gradient * weight and x' = normalised
    rows(zGradient).muliRowVector(asRow(weight));
    try (INDArray product = zGradient.mul(result);
        INDArray correlation = rowMeans(product);
        INDArray mean = rowMeans(zGradient)) {
      rows(result)
          .muliColumnVector(correlation)
          .rsubi(rows(zGradient))
          .subiColumnVector(mean)
          .muliColumnVector(statistics.inverseDeviation());
    }
    return result;
  }

  /** A map {@code [B, N, L, C]} as rows {@code [B * N, L * C]}: a view of the same memory. */
  static INDArray rows(INDArray map) {
    return map.reshape('c', map.size(0) * map.size(1), map.size(2) * map.size(3));
  }

  /**
   * The mean of every row of a map, {@code [B * N]}, line by line: one sum over all of a row, up to
   * 10^6 numbers, would lose two digits in float32.
   */
  private static INDArray rowMeans(INDArray map) {
    long rows = map.size(0) * map.size(1);
    try (INDArray lineMeans = map.reshape('c', rows * map.size(2), map.size(3)).mean(1)) {
      return lineMeans.reshape('c', rows, map.size(2)).mean(1);
    }
  }

  private static INDArray asRow(INDArray vector) {
    return vector.reshape('c', 1, vector.length());
  }
}
