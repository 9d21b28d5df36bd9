package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The softmax")
class SoftmaxTest {

  @Test
  @DisplayName("computes exponentials as exactly as floats allow")
  void exponentials() {
    float[] inputs = new float[50_001];
    float[] largest = new float[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = 7 - i / 1000f;
      largest[i] = 7;
    }
    float[] actual = inputs.clone();

    Softmax.exp(actual, largest, 0, 1);

    for (int i = 0; i < inputs.length; i++) {
      double exact = Math.exp((double) inputs[i] - 7);
      assertThat((double) actual[i]).isCloseTo(exact, within(1.5e-7));
      assertThat((double) actual[i]).isCloseTo(exact, within(2e-3 * exact + 1e-10));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 130})
  @DisplayName("gives weights that add up to 1 down each column, and leaves what is beside them")
  void weights(int rows) {
    // given columns 0 and 1 of rows that are 3 apart, of which the first lacks the first column
    float[] values = new float[rows * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 101) / 10f;
    }
    float[] actual = values.clone();

    // when
    Softmax.ofColumns(actual, rows, 2, 3, row -> row == 0 && rows > 1 ? 1 : 0, 0.5f);

    // then
    for (int column = 0; column < 3; column++) {
      int first = column == 0 && rows > 1 ? 1 : 0;
      double sum = 0;
      for (int row = first; row < rows; row++) {
        sum += Math.exp(0.5 * values[row * 3 + column]);
      }
      for (int row = 0; row < rows; row++) {
        float value = values[row * 3 + column];
        double share = row < first ? 0 : Math.exp(0.5 * value) / sum;
        double expected = column == 2 ? value : share;
        assertThat((double) actual[row * 3 + column]).isCloseTo(expected, within(3e-7));
      }
    }
  }

  @Test
  @DisplayName("takes scores of any size, and passes on what is not a number")
  void extremes() {
    float[] values = {-3e38f, 1e30f, -1e30f, 1e30f};
    float[] broken = {1, Float.NaN, 2, 3, 4};

    Softmax.ofColumns(values, 4, 1, 1, row -> 0, 1);
    Softmax.ofColumns(broken, 5, 1, 1, row -> 0, 1);

    assertThat(values[1]).isCloseTo(0.5f, within(1e-6f));
    assertThat(values[3]).isEqualTo(values[1]);
    assertThat(values[0]).isBetween(0f, 1e-12f);
    assertThat(broken).containsOnly(Float.NaN);
  }
}
