package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.decoder.LayerNormalization.Statistics;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Layer normalisation")
class LayerNormalizationTest {

  @Test
  @DisplayName("has exact statistics of rows as long as the largest decoders'")
  void longRows() {
    // given rows of 147,456 numbers whose mean is not 0
    int length = 384 * 384;
    try (INDArray x = Tensors.gaussian(1, 1, 2, 384, 384).addi(0.5);
        // when
        Statistics statistics = Statistics.of(x)) {
      // then
      float[] values = Tensors.values(x);
      float[] means = Tensors.values(statistics.mean());
      float[] inverseDeviations = Tensors.values(statistics.inverseDeviation());
      for (int row = 0; row < 2; row++) {
        double mean = mean(values, row * length, length, 0, 1);
        double variance = mean(values, row * length, length, mean, 2);
        assertThat((double) means[row]).isCloseTo(mean, within(1e-6));
        assertThat(inverseDeviations[row] * Math.sqrt(variance + 1e-5)).isCloseTo(1, within(1e-6));
      }
    }
  }

  @Test
  @DisplayName("adds an eps of 1e-5, so that a constant row becomes its bias")
  void constantRow() {
    // given
    try (INDArray x = Tensors.gaussian(1, 1, 1, 3, 4);
        INDArray weight = Tensors.gaussian(2, 3, 4);
        INDArray bias = Tensors.gaussian(3, 3, 4)) {
      x.assign(7);
      try (Statistics statistics = Statistics.of(x);
          // when
          INDArray z = LayerNormalization.forward(x, statistics, weight, bias)) {
        // then
        assertThat(Tensors.values(z)).isEqualTo(Tensors.values(bias));
        assertThat(Tensors.values(statistics.inverseDeviation())[0])
            .isCloseTo((float) (1 / Math.sqrt(1e-5)), within(1e-3f));
      }
    }
  }

  /** The mean of {@code (value - centre)^power} in float64. */
  private static double mean(float[] values, int from, int count, double centre, int power) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.pow(values[i] - centre, power);
    }
    return sum / count;
  }
}
