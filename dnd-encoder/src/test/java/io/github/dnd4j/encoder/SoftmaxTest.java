package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

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

    Softmax.exp(actual, largest, 1);

    for (int i = 0; i < inputs.length; i++) {
      double exact = Math.exp((double) inputs[i] - 7);
      assertThat((double) actual[i]).isCloseTo(exact, within(1.5e-7));
      assertThat((double) actual[i]).isCloseTo(exact, within(2e-3 * exact + 1e-19));
    }
  }

  @Test
  @DisplayName("lets what is far below the largest, or hidden, become 0")
  void farBelow() {
    float[] values = {5, -200, -3e38f, Float.NEGATIVE_INFINITY, Float.NaN};
    float[] largest = {5, 5, 3e38f, 5, 5};

    Softmax.exp(values, largest, 0.25f);

    assertThat(values[0]).isEqualTo(1);
    assertThat(values[1]).isBetween(0f, 1e-20f);
    assertThat(values[2]).isZero();
    assertThat(values[3]).isZero();
    assertThat(values[4]).isNaN();
  }
}
