package io.github.dnd4j.io;

/**
 * Adds a {@link WeightChange} to weights of 16 bits, with the same result to the last bit. Sums are
 * taken in float32 with a bound of their error: where everything within the bound rounds to the
 * same number, that number is what the exact sum rounds to as well; the few others are computed in
 * double precision. For use by one thread.
 */
final class SixteenBitChange {

  /** What rounding does to a number at most, relatively: once when it is summed, and in its use. */
  private static final float SUMMING = 0x1p-22f;

  private static final int BF16_INFINITY = 0x7f80_0000;
  private static final int F16_INFINITY = 0x7c00;

  private final WeightChange change;
  private final boolean bfloat16;
  private final float[] sums;

  /**
   * A change of a weight.
   *
   * @param change what is added
   * @param type F16 or BF16
   * @param sums {@code in} numbers to work with
   */
  SixteenBitChange(WeightChange change, TensorType type, float[] sums) {
    this.change = change;
    this.bfloat16 = type == TensorType.BF16;
    this.sums = sums;
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
      if (bfloat16) {
        addBfloat16(values, row * change.in(), first + row, error);
      } else {
        addHalf(values, row * change.in(), first + row, error);
      }
    }
  }

  private void addBfloat16(short[] values, int offset, int row, float error) {
    int in = change.in();
    for (int i = 0; i < in; i++) {
      float sum = Float.intBitsToFloat(values[offset + i] << 16) + sums[i];
      float bound = Math.abs(sum) * SUMMING + error;
      // Half a unit of bfloat16's last place more; ties do not matter, as none is within reach.
      int low = Float.floatToRawIntBits(sum - bound) + 0x8000;
      int high = Float.floatToRawIntBits(sum + bound) + 0x8000;
      if ((low ^ high) >>> 16 == 0 && (low & BF16_INFINITY) != BF16_INFINITY) {
        values[offset + i] = (short) (low >>> 16);
      } else {
        float before = HalfPrecision.bfloat16ToFloat(values[offset + i]);
        values[offset + i] = HalfPrecision.floatToBfloat16(change.exactly(before, row, i));
      }
    }
  }

  private void addHalf(short[] values, int offset, int row, float error) {
    int in = change.in();
    for (int i = 0; i < in; i++) {
      float before = HalfPrecision.halfToFloat(values[offset + i]);
      float sum = before + sums[i];
      float bound = Math.abs(sum) * SUMMING + error;
      short low = HalfPrecision.floatToHalf(sum - bound);
      short high = HalfPrecision.floatToHalf(sum + bound);
      values[offset + i] =
          low == high && (low & F16_INFINITY) != F16_INFINITY
              ? low
              : HalfPrecision.floatToHalf(change.exactly(before, row, i));
    }
  }
}
