package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** What is done to numbers one by one. */
class ActivationTest {

  @Test
  void geluByTanhIsWithinHalfAUnitOfItsDefinition() {
    int count = 32_001;
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i - count / 2) / 1600f;
    }
    float[] results = values.clone();

    Activation.GELU_TANH.apply(results, 0, count);

    for (int i = 0; i < count; i++) {
      double x = values[i];
      double exact = x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      assertThat((double) results[i])
          .as("gelu of %s", x)
          .isCloseTo(exact, within(2e-7 + Math.ulp(values[i]) / 2.0));
    }
  }

  @Test
  void veryLargeNumbersStayOrVanish() {
    float[] values = {1e30f, -1e30f, Float.POSITIVE_INFINITY, Float.NaN};

    Activation.GELU_TANH.apply(values, 0, 4);

    assertThat(values[0]).isEqualTo(1e30f);
    assertThat(values[1]).isCloseTo(0, within(1e-6f));
    assertThat(values[2]).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(values[3]).isNaN();
  }

  @Test
  void changesOnlyTheNumbersAskedFor() {
    float[] values = {-1, -2, 3, -4};

    Activation.RELU.apply(values, 1, 2);

    assertThat(values).containsExactly(-1, 0, 3, -4);
  }
}
