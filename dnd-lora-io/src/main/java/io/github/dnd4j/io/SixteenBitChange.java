package io.github.dnd4j.io;

import io.github.dnd4j.internal.HalfPrecision;

/**
 * Adds a {@link WeightChange} to weights of 16 bits, with the same result to the last bit. Sums are
 * taken in float32 with a bound of their error: where everything within the bound rounds to the
 * same number, that number is what the exact sum rounds to as well; the few others are computed in
 * double precision. For use by one thread.
 */
final class SixteenBitChange {

  /** What rounding does to a number at most, relatively: once when it is summed, and in its use. */
  private static final float SUMMING = 0x1p-22f;

  private static final int BF16_BITS = 0xffff_0000;
  private static final int BF16_INFINITY = 0x7f80_0000;
  private static final int BF16_LOWEST_EXPONENT = 0x0080_0000;
  private static final int F16_INFINITY = 0x7c00;

  private final WeightChange change;
  private final boolean bfloat16;
  private final float[] sums;
  private final int[] unsure;

  /**
   * A change of a weight.
   *
   * @param change what is added
   * @param type F16 or BF16
   * @param scratch memory to work with
   */
  SixteenBitChange(WeightChange change, TensorType type, MergeScratch scratch) {
    this.change = change;
    this.bfloat16 = type == TensorType.BF16;
    this.sums = scratch.floats(change.in());
    this.unsure = scratch.integers(change.in());
  }

  /**
   * Adds the change to rows of the weight.
   *
   * @param values the rows, replaced by the result
   * @param first the first row's number in the weight
   * @param rows how many there are
   */
  void addTo(short[] values, int first, int rows) {
    for (int row = 0; row < rows; row++) {
      float error = change.compute(first + row, sums);
      int offset = row * sums.length;
      int count =
          bfloat16
              ? addBfloat16(values, offset, sums, error, unsure)
              : addHalf(values, offset, sums, error, unsure);
      for (int i = 0; i < count; i++) {
        addExactly(values, offset + unsure[i], first + row, unsure[i]);
      }
    }
  }

  /**
   * Adds what is sure; nothing else is in here, so that it is compiled early and well.
   *
   * @param unsure is filled with the places of weights that are left as they are
   * @return how many those are
   */
  private static int addBfloat16(
      short[] values, int offset, float[] sums, float error, int[] unsure) {
    int count = 0;
    for (int i = 0; i < sums.length; i++) {
      float sum = Float.intBitsToFloat(values[offset + i] << 16) + sums[i];
      float bound = Math.abs(sum) * SUMMING + error;
      // Half a unit of bfloat16's last place more; ties do not matter, as none is within reach.
      int low = Float.floatToRawIntBits(sum - bound) + 0x8000;
      int high = Float.floatToRawIntBits(sum + bound) + 0x8000;
      int differing = (low ^ high) & BF16_BITS;
      int infinite = ((low & BF16_INFINITY) + BF16_LOWEST_EXPONENT) & Integer.MIN_VALUE;
      if ((differing | infinite) == 0) {
        values[offset + i] = (short) (low >>> 16);
      } else {
        unsure[count++] = i;
      }
    }
    return count;
  }

  private static int addHalf(short[] values, int offset, float[] sums, float error, int[] unsure) {
    int count = 0;
    for (int i = 0; i < sums.length; i++) {
      float sum = HalfPrecision.halfToFloat(values[offset + i]) + sums[i];
      float bound = Math.abs(sum) * SUMMING + error;
      short low = HalfPrecision.floatToHalf(sum - bound);
      short high = HalfPrecision.floatToHalf(sum + bound);
      if (low == high && (low & F16_INFINITY) != F16_INFINITY) {
        values[offset + i] = low;
      } else {
        unsure[count++] = i;
      }
    }
    return count;
  }

  private void addExactly(short[] values, int at, int row, int column) {
    if (bfloat16) {
      float before = HalfPrecision.bfloat16ToFloat(values[at]);
      values[at] = HalfPrecision.floatToBfloat16(change.exactly(before, row, column));
    } else {
      float before = HalfPrecision.halfToFloat(values[at]);
      values[at] = HalfPrecision.floatToHalf(change.exactly(before, row, column));
    }
  }
}
