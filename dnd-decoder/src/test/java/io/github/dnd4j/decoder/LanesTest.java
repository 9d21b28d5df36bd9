package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Lanes")
class LanesTest {

  private static final float UNTOUCHED = -7;

  @Test
  @DisplayName("gather numbers that are a step apart, and leave others alone")
  void gather() {
    // given
    float[] from = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    float[] to = filled(6, UNTOUCHED);
    // when
    Lanes.gather(from, 1, 3, to, 2, 3);
    // then
    assertThat(to).containsExactly(UNTOUCHED, UNTOUCHED, 1, 4, 7, UNTOUCHED);
  }

  @Test
  @DisplayName("gather sums and differences of pairs that are a step apart, and leave others alone")
  void gatherPairs() {
    // given
    float[] from = {1, 2, 4, 8, 16, 32, 64, 128};
    float[] sums = filled(4, UNTOUCHED);
    float[] differences = filled(4, UNTOUCHED);
    // when
    Lanes.gather(from, 3, 1, 4, sums, differences, 1, 2);
    // then
    assertThat(sums).containsExactly(UNTOUCHED, 8 + 2, 128 + 32, UNTOUCHED);
    assertThat(differences).containsExactly(UNTOUCHED, 8 - 2, 128 - 32, UNTOUCHED);
  }

  @Test
  @DisplayName("make the first the sum and the second the difference, and leave others alone")
  void addAndSubtract() {
    // given
    float[] first = {1, 2, 3};
    float[] second = {10, 30, 50};
    // when
    Lanes.addAndSubtract(first, second, 2);
    // then
    assertThat(first).containsExactly(11, 32, 3);
    assertThat(second).containsExactly(-9, -28, 50);
  }

  @ParameterizedTest(name = "{0} terms, step {1}, in place: {2}")
  @CsvSource({
    "0, 1, false",
    "1, 1, false",
    "2, -1, false",
    "3, 1, true",
    "4, 1, false",
    "4, -1, true",
    "5, -1, false",
    "7, 1, true",
    "8, -1, false",
    "9, 1, false"
  })
  @DisplayName("add terms times factors to a base, forward or backward from the first term")
  void sum(int terms, int step, boolean inPlace) {
    // given terms with others on both sides, and more numbers than are asked for
    Random random = new Random(terms);
    int first = 10;
    int count = 21;
    float[][] all = new float[20][];
    for (int i = 0; i < all.length; i++) {
      all[i] = gaussian(random, count + 1);
    }
    float[] factors = gaussian(random, terms);
    float[] base = gaussian(random, count + 1);
    float[] expected = base.clone();
    for (int i = 0; i < count; i++) {
      double sum = base[i];
      for (int term = 0; term < terms; term++) {
        sum += (double) factors[term] * all[first + step * term][i];
      }
      expected[i] = (float) sum;
    }
    float[] to = inPlace ? base : filled(count + 1, UNTOUCHED);
    float[] baseBefore = base.clone();
    // when
    Lanes.sum(to, base, all, first, step, factors, count);
    // then
    for (int i = 0; i < count; i++) {
      assertThat(to[i]).as("number %d", i).isCloseTo(expected[i], within(1e-5f));
    }
    assertThat(to[count]).isEqualTo(inPlace ? baseBefore[count] : UNTOUCHED);
    if (!inPlace) {
      assertThat(base).isEqualTo(baseBefore);
    }
  }

  private static float[] filled(int length, float value) {
    float[] numbers = new float[length];
    Arrays.fill(numbers, value);
    return numbers;
  }

  private static float[] gaussian(Random random, int length) {
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
