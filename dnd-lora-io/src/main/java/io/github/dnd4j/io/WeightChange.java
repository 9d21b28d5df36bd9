package io.github.dnd4j.io;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraModule;
import java.util.Arrays;
import java.util.List;

/**
 * What an adapter adds to one weight, row by row: in double precision, or in float32 with a bound
 * of the error, which {@link Bfloat16Change} and {@link HalfChange} make use of.
 */
final class WeightChange {

  /** What a double has more of than a float: the lower bits of its mantissa. */
  private static final long BEYOND_FLOAT = (1L << 29) - 1;

  private final TensorInfo weight;

  /** From here on a sum is nearer to infinity than to any number of the weight's type. */
  private final double limit;

  /**
   * Bits of a float of which at least one is set unless it lies in the middle between two numbers
   * of the weight's type, or on one: a sum must not be rounded to there on its way to that type.
   */
  private final int possibleTies;

  /** Half a unit in the last place of a float of size 1. */
  private static final double ROUNDING = 0x1p-24;

  /** A, {@code [rank][in]}. */
  private final float[][] a;

  /** The same in double precision; null unless the weight is F32. */
  private final double[][] doubleA;

  /** A for {@link Bfloat16Change}; null unless the weight is BF16. */
  private final List<ColumnPairs> pairs;

  /** For each row of A the largest magnitude. */
  private final double[] largest;

  /** scale * B, {@code [out * rank]}. */
  private final double[] b;

  /**
   * The change of a weight.
   *
   * @param weight the base's tensor, F32, F16 or BF16
   * @param module the module, of the weight's shape
   * @param ofA its A, {@code [rank * in]}
   * @param ofB its B, {@code [out * rank]}
   * @param scale what {@code B @ A} is multiplied with
   */
  WeightChange(TensorInfo weight, LoraModule module, float[] ofA, float[] ofB, double scale) {
    this.weight = weight;
    this.limit =
        switch (weight.type()) {
          case F16 -> 65520;
          case BF16 -> 0x1.ffp127;
          default -> 0x1.ffffffp127;
        };
    this.possibleTies =
        switch (weight.type()) {
          case F16 -> 0xfff;
          case BF16 -> 0x7fff;
          default -> -1;
        };
    Checks.finiteWeights(ofA, module.path() + ".lora_A");
    Checks.finiteWeights(ofB, module.path() + ".lora_B");
    int in = module.in();
    this.a = new float[module.rank()][];
    Arrays.setAll(a, k -> Arrays.copyOfRange(ofA, k * in, (k + 1) * in));
    this.doubleA = weight.type() == TensorType.F32 ? doubles(a) : null;
    this.pairs = weight.type() == TensorType.BF16 ? ColumnPairs.of(a) : null;
    this.largest = Arrays.stream(a).mapToDouble(WeightChange::largest).toArray();
    this.b = new double[ofB.length];
    Arrays.setAll(b, i -> scale * ofB[i]);
  }

  private static double[][] doubles(float[][] rows) {
    double[][] doubles = new double[rows.length][rows[0].length];
    for (int k = 0; k < rows.length; k++) {
      for (int i = 0; i < rows[k].length; i++) {
        doubles[k][i] = rows[k][i];
      }
    }
    return doubles;
  }

  private static double largest(float[] row) {
    float largest = 0;
    for (float value : row) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  int in() {
    return a[0].length;
  }

  /**
   * Adds the change to rows of an F32 weight, so that encoding them in the weight's type rounds the
   * exact sum.
   *
   * @param values the rows
   * @param first the first row's number in the weight
   * @param rows how many there are
   * @param sums {@code in} numbers to work with
   */
  void addTo(float[] values, int first, int rows, double[] sums) {
    for (int row = 0; row < rows; row++) {
      compute(first + row, sums);
      add(sums, values, row * in());
    }
  }

  private void add(double[] sums, float[] values, int offset) {
    for (int i = 0; i < sums.length; i++) {
      values[offset + i] = added(values[offset + i], sums[i]);
    }
  }

  private float added(float before, double change) {
    double sum = before + change;
    if (Math.abs(sum) >= limit && Float.isFinite(before)) {
      throw overflow(sum);
    }
    float rounded = (float) sum;
    return (Float.floatToRawIntBits(rounded) & possibleTies) == 0 && rounded != sum
        ? towardsOdd(sum)
        : rounded;
  }

  /**
   * A weight with the change added.
   *
   * @return what encoding in the weight's type makes the exact sum, rounded
   */
  float exactly(float before, int row, int column) {
    int at = row * a.length;
    double change = 0;
    for (int k = 0; k < a.length; k++) {
      change += b[at + k] * a[k][column];
    }
    return added(before, change);
  }

  /**
   * Shortens a number to the precision of a float such that rounding it further gives what rounding
   * the number itself would have given: cut off, with the last bit set if anything was lost.
   */
  private static float towardsOdd(double value) {
    long bits = Double.doubleToRawLongBits(value);
    return (float) Double.longBitsToDouble((bits & ~BEYOND_FLOAT) | (BEYOND_FLOAT + 1));
  }

  private DragAndDropException overflow(double sum) {
    return new DragAndDropException(
        "the merged tensor '"
            + weight.name()
            + "' would have a weight of "
            + sum
            + ", which is infinite in its type "
            + weight.type()
            + ": merge with a smaller scale, or into a base of another type");
  }

  /** Row {@code row} of {@code scale * B @ A}. */
  private void compute(int row, double[] sums) {
    int rank = a.length;
    int at = row * rank;
    Arrays.fill(sums, 0);
    int k = 0;
    for (; k < rank % 4; k++) {
      addOne(b[at + k], doubleA[k], sums);
    }
    for (; k < rank; k += 4) {
      addFour(at + k, doubleA[k], doubleA[k + 1], doubleA[k + 2], doubleA[k + 3], sums);
    }
  }

  private static void addOne(double factor, double[] a, double[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += factor * a[i];
    }
  }

  /** Four at once: the sums then go through the processor's caches a quarter as often. */
  private void addFour(int at, double[] a0, double[] a1, double[] a2, double[] a3, double[] sums) {
    double b0 = b[at];
    double b1 = b[at + 1];
    double b2 = b[at + 2];
    double b3 = b[at + 3];
    for (int i = 0; i < sums.length; i++) {
      sums[i] += b0 * a0[i] + b1 * a1[i] + b2 * a2[i] + b3 * a3[i];
    }
  }

  /** A's columns by pairs, of a BF16 weight. */
  List<ColumnPairs> pairs() {
    return pairs;
  }

  /**
   * Row {@code row} of {@code scale * B @ A} in float32.
   *
   * @param sums is filled with the row
   * @return how far from the exact numbers these may be, at most
   */
  float compute(int row, float[] sums) {
    compute(row, a, sums, sums.length);
    return error(row);
  }

  /**
   * Columns of row {@code row} of {@code scale * B @ A} in float32.
   *
   * @param columns those of A, {@code [rank][count]}
   * @param sums is filled with them
   * @param count how many
   */
  void compute(int row, float[][] columns, float[] sums, int count) {
    int rank = a.length;
    int at = row * rank;
    Arrays.fill(sums, 0, count, 0);
    int k = 0;
    for (; k + 4 <= rank; k += 4) {
      addFour(at + k, columns[k], columns[k + 1], columns[k + 2], columns[k + 3], sums, count);
    }
    for (; k < rank; k++) {
      addOne((float) b[at + k], columns[k], sums, count);
    }
  }

  /**
   * How far from the exact numbers of a row those in float32 may be, at most. Each is a sum of rank
   * products: of each a factor is rounded, then the product, and then at most rank sums of it.
   */
  float error(int row) {
    int rank = a.length;
    double magnitude = 0;
    double subnormal = rank * (double) Float.MIN_NORMAL;
    for (int k = 0; k < rank; k++) {
      magnitude += Math.abs(b[row * rank + k]) * largest[k];
      subnormal += (double) Float.MIN_VALUE * largest[k];
    }
    // Some more for the second order and for this sum; numbers that are subnormal lose more.
    return (float) (magnitude * (rank + 6) * ROUNDING + subnormal);
  }

  private static void addOne(float factor, float[] a, float[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += factor * a[i];
    }
  }

  private void addFour(
      int at, float[] a0, float[] a1, float[] a2, float[] a3, float[] sums, int count) {
    addFour(
        (float) b[at],
        (float) b[at + 1],
        (float) b[at + 2],
        (float) b[at + 3],
        a0,
        a1,
        a2,
        a3,
        sums,
        count);
  }

  private static void addFour(
      float b0,
      float b1,
      float b2,
      float b3,
      float[] a0,
      float[] a1,
      float[] a2,
      float[] a3,
      float[] sums,
      int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += (b0 * a0[i] + b1 * a1[i]) + (b2 * a2[i] + b3 * a3[i]);
    }
  }
}
