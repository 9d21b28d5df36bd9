package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.HalfPrecision;
import io.github.dnd4j.lora.LoraModule;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Changing weights of 16 bits")
class SixteenBitChangeTest {

  private static final int ROWS = 40;
  private static final int IN = 500;

  private static TensorInfo weight(TensorType type, int rows, int in) {
    return new TensorInfo("w", type, List.of((long) rows, (long) in));
  }

  private static float[] random(Random random, int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  private static float decoded(TensorType type, short value) {
    return type == TensorType.BF16
        ? HalfPrecision.bfloat16ToFloat(value)
        : HalfPrecision.halfToFloat(value);
  }

  private static short encoded(TensorType type, float value) {
    return type == TensorType.BF16
        ? HalfPrecision.floatToBfloat16(value)
        : HalfPrecision.floatToHalf(value);
  }

  /** Any bits but those of large numbers, whose sums may be infinite. */
  private static short[] anyWeights(TensorType type, Random random) {
    short[] weights = new short[ROWS * IN];
    for (int i = 0; i < weights.length; i++) {
      do {
        weights[i] = (short) random.nextInt();
      } while (Math.abs(decoded(type, weights[i])) > 1000
          && Float.isFinite(decoded(type, weights[i])));
    }
    return weights;
  }

  private static short[] usualWeights(TensorType type, Random random) {
    float[] values = random(random, ROWS * IN, 0.03);
    short[] weights = new short[values.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = encoded(type, values[i]);
    }
    return weights;
  }

  @ParameterizedTest
  @CsvSource({
    "BF16, 1, 0.02", "BF16, 8, 0.02", "BF16, 67, 0.1", "BF16, 4, 1e-12", "BF16, 3, 10",
    "F16, 1, 0.02", "F16, 8, 0.02", "F16, 67, 0.1", "F16, 4, 1e-6", "F16, 3, 2"
  })
  @DisplayName("comes to what double precision comes to, in every bit")
  void sameAsDouble(TensorType type, int rank, double deviation) {
    Random random = new Random(rank);
    WeightChange change =
        new WeightChange(
            weight(type, ROWS, IN),
            new LoraModule("m", IN, ROWS, rank),
            random(random, rank * IN, deviation),
            random(random, ROWS * rank, deviation),
            0.75);
    for (short[] weights : List.of(usualWeights(type, random), anyWeights(type, random))) {
      // given
      short[] expected = new short[weights.length];
      for (int i = 0; i < expected.length; i++) {
        float exact = change.exactly(decoded(type, weights[i]), i / IN, i % IN);
        expected[i] = encoded(type, exact);
      }
      // when
      new SixteenBitChange(change, type, new MergeScratch()).addTo(weights, 0, ROWS);
      // then
      assertThat(weights).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"BF16, 0x1p-9", "F16, 0x1p-12"})
  @DisplayName("decides by double precision what float32 cannot tell from a tie")
  void nearTies(TensorType type, String small) {
    // given 1 + half a unit in the last place, and a little more or less by a second product
    float half = Float.parseFloat(small) * 2;
    float[] a = {half, half, half, 1e-11f, -1e-11f, 0};
    WeightChange change =
        new WeightChange(
            weight(type, 1, 3), new LoraModule("m", 3, 1, 2), a, new float[] {1, 1}, 1);
    short one = encoded(type, 1);
    short[] weights = {one, one, one};
    // when
    new SixteenBitChange(change, type, new MergeScratch()).addTo(weights, 0, 1);
    // then above, below, and the even neighbour of the tie itself
    assertThat(weights).containsExactly((short) (one + 1), one, one);
  }

  @Test
  @DisplayName("refuses what becomes infinite, and leaves what is so")
  void infinite() {
    // given
    WeightChange change =
        new WeightChange(
            weight(TensorType.BF16, 1, 1),
            new LoraModule("m", 1, 1, 1),
            new float[] {3e38f},
            new float[] {1},
            1);
    SixteenBitChange sixteen = new SixteenBitChange(change, TensorType.BF16, new MergeScratch());
    short[] infinite = {(short) 0xff80};
    // when
    sixteen.addTo(infinite, 0, 1);
    // then
    assertThat(infinite).containsExactly((short) 0xff80);
    short[] large = {encoded(TensorType.BF16, 3e38f)};
    assertThatThrownBy(() -> sixteen.addTo(large, 0, 1))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("infinite in its type BF16");
  }
}
