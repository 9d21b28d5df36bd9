package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.HalfPrecision;
import io.github.dnd4j.lora.LoraModule;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** What the rows of a weight become, from the first one on. */
  private static void change(WeightChange change, TensorType type, short[] weights) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(weights.length * Short.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().put(weights);
    int rows = weights.length / change.in();
    if (type == TensorType.BF16) {
      new Bfloat16Change(change, bytes, new PairBlock()).add(0, rows);
    } else {
      new HalfChange(change, new MergeScratch(), rows).addTo(bytes, 0, rows);
    }
    bytes.asShortBuffer().get(weights);
  }

  /** What double precision makes of them. */
  private static short[] exactly(WeightChange change, TensorType type, short[] weights) {
    short[] expected = new short[weights.length];
    for (int i = 0; i < expected.length; i++) {
      float before = decoded(type, weights[i]);
      expected[i] = encoded(type, change.exactly(before, i / change.in(), i % change.in()));
    }
    return expected;
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
      short[] expected = exactly(change, type, weights);
      // when
      change(change, type, weights);
      // then
      assertThat(weights).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "0x1p-149",
        "0x1p-134",
        "0x1p-126",
        "1e-30",
        "0x1p-9",
        "0x1.000002p-9",
        "-0x1p-8",
        "0.03",
        "-1",
        "256",
        "1e10"
      })
  @DisplayName("comes to that for every bfloat16, NaNs and infinities among them, and any change")
  void everyWeight(String number) {
    // given all bits in all columns' places but those of sums that are infinite, which are refused
    float added = Float.parseFloat(number);
    int in = 641;
    int rows = 103;
    short[] weights = new short[rows * in];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (short) i;
    }
    float[] a = new float[in];
    Arrays.fill(a, added);
    float[] b = new float[rows];
    Arrays.fill(b, 1);
    WeightChange change =
        new WeightChange(
            weight(TensorType.BF16, rows, in), new LoraModule("m", in, rows, 1), a, b, 1);
    short[] expected = exactly(change, TensorType.BF16, weights);
    // when
    change(change, TensorType.BF16, weights);
    // then
    assertThat(weights).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 3", "3, 3", "4095, 3", "4096, 2", "4097, 3", "9001, 3", "7, 1500"})
  @DisplayName("takes rows of any length, of an odd number of weights too")
  void anyLength(int in, int rows) {
    // given
    Random random = new Random(in);
    WeightChange change =
        new WeightChange(
            weight(TensorType.BF16, rows, in),
            new LoraModule("m", in, rows, 6),
            random(random, 6 * in, 0.1),
            random(random, rows * 6, 0.1),
            2);
    short[] weights = new short[rows * in];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = encoded(TensorType.BF16, (float) (0.03 * random.nextGaussian()));
    }
    short[] expected = exactly(change, TensorType.BF16, weights);
    // when
    change(change, TensorType.BF16, weights);
    // then
    assertThat(weights).isEqualTo(expected);
  }

  @Test
  @DisplayName("is exact where the factors are beyond float32's range, and their product is not")
  void extremeFactors() {
    // given 1e38 * 1e-46, whose second factor is 0 in float32, and 1e-38 * 1e40, infinite there
    WeightChange small =
        new WeightChange(
            weight(TensorType.BF16, 1, 2),
            new LoraModule("m", 2, 1, 1),
            new float[] {1e38f, -1e38f},
            new float[] {1e-36f},
            1e-10);
    WeightChange large =
        new WeightChange(
            weight(TensorType.BF16, 1, 2),
            new LoraModule("m", 2, 1, 1),
            new float[] {1e-38f, 0},
            new float[] {1e30f},
            1e10);
    for (WeightChange change : List.of(small, large)) {
      short[] weights = {encoded(TensorType.BF16, 1e-9f), encoded(TensorType.BF16, 3)};
      short[] expected = exactly(change, TensorType.BF16, weights);
      // when
      change(change, TensorType.BF16, weights);
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
    change(change, type, weights);
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
    short[] infinite = {(short) 0xff80};
    // when
    change(change, TensorType.BF16, infinite);
    // then
    assertThat(infinite).containsExactly((short) 0xff80);
    short[] large = {encoded(TensorType.BF16, 3e38f)};
    assertThatThrownBy(() -> change(change, TensorType.BF16, large))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("infinite in its type BF16");
  }
}
