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
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = 7 - i / 1000f;
    }
    float[] actual = inputs.clone();

    Softmax.exp(actual, 0, actual.length, 7, 1);

    for (int i = 0; i < inputs.length; i++) {
      double exact = Math.exp((double) inputs[i] - 7);
      assertThat((double) actual[i]).isCloseTo(exact, within(1.5e-7));
      assertThat((double) actual[i]).isCloseTo(exact, within(2e-3 * exact + 1e-10));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 130})
  @DisplayName("gives weights that add up to 1, in part of an array")
  void weights(int count) {
    float[] values = new float[count + 4];
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 101) / 10f;
    }
    for (int i = 2; i < 2 + count; i++) {
      sum += Math.exp(0.5 * values[i]);
    }
    float[] actual = values.clone();

    Softmax.apply(actual, 2, count, 0.5f);

    for (int i = 0; i < values.length; i++) {
      boolean outside = i < 2 || i >= 2 + count;
      double expected = outside ? values[i] : Math.exp(0.5 * values[i]) / sum;
      assertThat((double) actual[i]).isCloseTo(expected, within(3e-7));
    }
  }

  @Test
  @DisplayName("takes scores of any size, and passes on what is not a number")
  void extremes() {
    float[] values = {-3e38f, 1e30f, -1e30f, 1e30f};
    float[] broken = {1, Float.NaN, 2, 3, 4};

    Softmax.apply(values, 0, 4, 1);
    Softmax.apply(broken, 0, 5, 1);

    assertThat(values[1]).isCloseTo(0.5f, within(1e-6f));
    assertThat(values[3]).isEqualTo(values[1]);
    assertThat(values[0]).isBetween(0f, 1e-12f);
    assertThat(broken).containsOnly(Float.NaN);
  }
}
