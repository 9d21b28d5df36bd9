package io.github.dnd4j.io;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Sums and rounds pairs of bfloat16 weights, in loops that Java 17 makes vector instructions of.
 * For that an int becomes a float, and a float an int, by being copied through an array of bytes,
 * and one int holds two weights. For use by one thread.
 */
final class PairBlock {

  /** How many pairs there is room for: few enough for the processor's caches. */
  static final int PAIRS = 1 << 11;

  /** What rounding does to a number at most, relatively: once when it is summed, and in its use. */
  private static final float SUMMING = 0x1p-22f;

  /**
   * T. J. Dekker, "A floating-point technique for extending the available precision" (1971): with c
   * = x * SPLIT, c - (c - x) is x rounded to the nearest number of 8 bits, as bfloat16 has them. It
   * is NaN if x is infinite or NaN, or so large that c is infinite.
   */
  private static final float SPLIT = 0x1p16f + 1;

  private static final int UPPER = 0xffff_0000;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());

  /** Weights of even and odd places, in the lower and upper halves. */
  final int[] words = new int[PAIRS];

  /** What is added to weights of even places. */
  final float[] even = new float[PAIRS];

  /** What is added to weights of odd places. */
  final float[] odd = new float[PAIRS];

  /** For one row of it. */
  final float[] row = new float[PAIRS];

  private final float[] weights = new float[PAIRS];
  private final float[] high = new float[PAIRS];
  private final float[] doubt = new float[PAIRS];
  private final float[] noDoubt = new float[PAIRS];
  private final byte[] evenBytes = new byte[PAIRS * Integer.BYTES];
  private final byte[] oddBytes = new byte[PAIRS * Integer.BYTES];
  private final FloatBuffer evenFloats = floats(evenBytes);
  private final FloatBuffer oddFloats = floats(oddBytes);

  private static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /**
   * Replaces {@link #words} by the rounded sums; {@link #even} and {@link #odd} are used up. Sums
   * are between two ends, which an error of theirs cannot leave. Where both round to the same
   * number, so does the exact sum.
   *
   * @param count how many pairs there are
   * @param error how far what is added may be from the exact numbers, at most; larger than 0
   */
  void add(int count, float error) {
    Arrays.fill(doubt, 0, count, 0);
    putEven(words, evenBytes, count);
    round(evenFloats, even, error, count);
    putOdd(words, oddBytes, count);
    round(oddFloats, odd, error, count);
    pack(evenBytes, oddBytes, words, count);
  }

  /** Rounds weights, whose bits are in the buffer, and what is added to them. */
  private void round(FloatBuffer weightsAndResult, float[] added, float error, int count) {
    weightsAndResult.get(0, weights, 0, count);
    sum(weights, added, high, error, count);
    round(added, count);
    compare(added, high, doubt, count);
    weightsAndResult.put(0, added, 0, count);
  }

  /**
   * Finds a pair of which it is not sure what one of its sums is rounded to.
   *
   * @param from where to look first
   * @param count how many pairs there are
   * @return its place; not less than {@code count} if there is none
   */
  int unsure(int from, int count) {
    int distance = Arrays.mismatch(doubt, from, count, noDoubt, from, count);
    return distance < 0 ? count : from + distance;
  }

  private static void putEven(int[] words, byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      INTS.set(bytes, i * Integer.BYTES, words[i] << 16);
    }
  }

  private static void putOdd(int[] words, byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      INTS.set(bytes, i * Integer.BYTES, words[i] & UPPER);
    }
  }

  /** Both ends of each sum: the lower one instead of what is added. */
  private static void sum(float[] weights, float[] added, float[] high, float error, int count) {
    for (int i = 0; i < count; i++) {
      float sum = weights[i] + added[i];
      float bound = Math.abs(sum) * SUMMING + error;
      added[i] = sum - bound;
      high[i] = sum + bound;
    }
  }

  private static void round(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float scaled = values[i] * SPLIT;
      values[i] = scaled - (scaled - values[i]);
    }
  }

  /** Adds what rounding makes of the distance between two ends, and NaN where it is not known. */
  private static void compare(float[] rounded, float[] high, float[] doubt, int count) {
    for (int i = 0; i < count; i++) {
      float scaled = high[i] * SPLIT;
      doubt[i] += Math.abs(scaled - (scaled - high[i]) - rounded[i]);
    }
  }

  private static void pack(byte[] even, byte[] odd, int[] words, int count) {
    for (int i = 0; i < count; i++) {
      int lower = (int) INTS.get(even, i * Integer.BYTES);
      int upper = (int) INTS.get(odd, i * Integer.BYTES);
      words[i] = (lower >>> Short.SIZE) | upper;
    }
  }
}
