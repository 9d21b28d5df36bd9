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

  /** The reciprocal of a row's standard deviation, and its mean; the owner closes both. */
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

    /** The rows with mean 0 and variance 1; the caller closes them. */
    INDArray normalise(INDArray rows) {
      return rows.subColumnVector(mean).muliColumnVector(inverseDeviation);
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
   * @param rows {@code [R, M]}
   * @param weight {@code [M]} in any shape
   * @param bias likewise
   * @return {@code [R, M]}; the caller closes it
   */
  static INDArray forward(INDArray rows, Statistics statistics, INDArray weight, INDArray bias) {
    return statistics.normalise(rows).muliRowVector(asRow(weight)).addiRowVector(asRow(bias));
  }

  /**
   * The backward pass.
   *
   * @param gradient the gradient of the result, {@code [R, M]}; is overwritten
   * @param weightGradient is filled
   * @param biasGradient is filled
   * @return the gradient of the rows; the caller closes it
   */
  static INDArray backward(
      INDArray rows,
      Statistics statistics,
      INDArray weight,
      INDArray gradient,
      INDArray weightGradient,
      INDArray biasGradient) {
    INDArray normalised = statistics.normalise(rows);
    try (INDArray product = gradient.mul(normalised);
        INDArray weightSum = product.sum(0);
        INDArray biasSum = gradient.sum(0)) {
      asRow(weightGradient).assign(weightSum.reshape(1, weightSum.length()));
      asRow(biasGradient).assign(biasSum.reshape(1, biasSum.length()));
    }
    // dx = (g - mean(g) - x' * mean(g * x')) / s, with g = gradient * weight and x' = normalised
    gradient.muliRowVector(asRow(weight));
    try (INDArray product = gradient.mul(normalised);
        INDArray correlation = product.mean(1);
        INDArray mean = gradient.mean(1)) {
      normalised.muliColumnVector(correlation).rsubi(gradient).subiColumnVector(mean);
    }
    return normalised.muliColumnVector(statistics.inverseDeviation());
  }

  private static INDArray asRow(INDArray vector) {
    return vector.reshape('c', 1, vector.length());
  }
}
