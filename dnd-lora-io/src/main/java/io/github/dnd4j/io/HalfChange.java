package io.github.dnd4j.io;

import io.github.dnd4j.internal.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/**
 * Adds a {@link WeightChange} to weights of type F16, with the same result to the last bit. Sums
 * are taken in float32 with a bound of their error: where everything within the bound rounds to the
 * same number, that number is what the exact sum rounds to as well; the few others are computed in
 * double precision. For use by one thread.
 */
final class HalfChange {

  /** What rounding does to a number at most, relatively: once when it is summed, and in its use. */
  private static final float SUMMING = 0x1p-22f;

  private static final int INFINITY = 0x7c00;

  private final WeightChange change;
  private final short[] values;
  private final float[] sums;
  private final int[] unsure;

  /**
   * A change of a weight.
   *
   * @param change what is added
   * @param scratch memory to work with
   * @param rows how many rows of the weight are changed at once, at most
   */
  HalfChange(WeightChange change, MergeScratch scratch, int rows) {
    this.change = change;
    this.values = scratch.shorts(rows * change.in());
    this.sums = scratch.floats(change.in());
    this.unsure = scratch.integers(change.in());
  }

  /**
   * Adds the change to rows of the weight.
   *
   * @param bytes the rows as they are stored, replaced by the result
   * @param first the first row's number in the weight
   * @param rows how many there are
   */
  void addTo(ByteBuffer bytes, int first, int rows) {
    ShortBuffer halves = bytes.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
    halves.get(0, values, 0, rows * sums.length);
    for (int row = 0; row < rows; row++) {
      float error = change.compute(first + row, sums);
      int offset = row * sums.length;
      int count = add(values, offset, sums, error, unsure);
      for (int i = 0; i < count; i++) {
        addExactly(offset + unsure[i], first + row, unsure[i]);
      }
    }
    halves.put(0, values, 0, rows * sums.length);
  }

  /**
   * Adds what is sure; nothing else is in here, so that it is compiled early and well.
   *
   * @param unsure is filled with the places of weights that are left as they are
   * @return how many those are
   */
  private static int add(short[] values, int offset, float[] sums, float error, int[] unsure) {
    int count = 0;
    for (int i = 0; i < sums.length; i++) {
      float sum = HalfPrecision.halfToFloat(values[offset + i]) + sums[i];
      float bound = Math.abs(sum) * SUMMING + error;
      short low = HalfPrecision.floatToHalf(sum - bound);
      short high = HalfPrecision.floatToHalf(sum + bound);
      if (low == high && (low & INFINITY) != INFINITY) {
        values[offset + i] = low;
      } else {
        unsure[count++] = i;
      }
    }
    return count;
  }

  private void addExactly(int at, int row, int column) {
    float before = HalfPrecision.halfToFloat(values[at]);
    values[at] = HalfPrecision.floatToHalf(change.exactly(before, row, column));
  }
}
