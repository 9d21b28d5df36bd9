package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Normal noise")
class NormalNoiseTest {

  private static final int COUNT = 400_000;

  private static float[] noise(double deviation) {
    float[] values = new float[COUNT];
    NormalNoise.add(values, deviation, Randoms.of(1, 2, Randoms.Purpose.CONDITION_NOISE));
    return values;
  }

  private static double moment(float[] values, int power) {
    double sum = 0;
    for (float value : values) {
      sum += Math.pow(value, power);
    }
    return sum / values.length;
  }

  @Test
  @DisplayName("has the moments of a normal distribution")
  void moments() {
    float[] values = noise(1);
    assertThat(moment(values, 1)).isCloseTo(0, within(0.01));
    assertThat(moment(values, 2)).isCloseTo(1, within(0.01));
    assertThat(moment(values, 3)).isCloseTo(0, within(0.03));
    assertThat(moment(values, 4)).isCloseTo(3, within(0.06));
  }

  @Test
  @DisplayName("has the quantiles of a normal distribution")
  void quantiles() {
    float[] values = noise(1);
    Arrays.sort(values);
    assertThat(values[(int) (0.841345 * COUNT)]).isCloseTo(1f, within(0.01f));
    assertThat(values[(int) (0.022750 * COUNT)]).isCloseTo(-2f, within(0.03f));
    assertThat(values[COUNT / 2]).isCloseTo(0f, within(0.01f));
  }

  @Test
  @DisplayName("has no correlation between neighbours, though four share their random bits")
  void independent() {
    float[] values = noise(1);
    for (int distance = 1; distance <= 4; distance++) {
      double sum = 0;
      for (int i = distance; i < COUNT; i++) {
        sum += values[i] * values[i - distance];
      }
      assertThat(sum / COUNT).as("distance %d", distance).isCloseTo(0, within(0.01));
    }
  }

  @Test
  @DisplayName("is scaled, added to what is there, and left away when its deviation is 0")
  void scaled() {
    assertThat(Math.sqrt(moment(noise(1e-4), 2))).isCloseTo(1e-4, within(1e-6));
    float[] values = {5, Float.NaN};
    NormalNoise.add(values, 0, null);
    assertThat(values).containsExactly(5, Float.NaN);
    NormalNoise.add(values, 1e-3, Randoms.of(1, 2, Randoms.Purpose.TARGET_NOISE));
    assertThat(values[0]).isCloseTo(5f, within(5e-3f)).isNotEqualTo(5f);
    assertThat(values[1]).isNaN();
  }
}
