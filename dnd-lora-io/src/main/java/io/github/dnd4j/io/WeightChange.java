package io.github.dnd4j.io;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import java.util.Arrays;

/** What an adapter adds to one weight, row by row in double precision. */
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

  /** A, {@code [rank][in]}. */
  private final double[][] a;

  /** scale * B, {@code [out * rank]}. */
  private final double[] b;

  /**
   * The change of a weight.
   *
   * @param weight the base's tensor, F32, F16 or BF16
   * @param module the module, of the weight's shape
   * @param weights its matrices
   * @param scale what {@code B @ A} is multiplied with
   */
  WeightChange(TensorInfo weight, LoraModule module, LoraWeights weights, double scale) {
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
    float[] ofA = Checks.finiteWeights(HostFloats.toArray(weights.a()), module.path() + ".lora_A");
    float[] ofB = Checks.finiteWeights(HostFloats.toArray(weights.b()), module.path() + ".lora_B");
    this.a = new double[module.rank()][module.in()];
    for (int k = 0; k < a.length; k++) {
      for (int column = 0; column < module.in(); column++) {
        a[k][column] = ofA[k * module.in() + column];
      }
    }
    this.b = new double[ofB.length];
    Arrays.setAll(b, i -> scale * ofB[i]);
  }

  int in() {
    return a[0].length;
  }

  /**
   * Adds the change to rows of the weight, so that encoding them in the weight's type rounds the
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
    double end = limit;
    int perhapsTie = possibleTies;
    for (int i = 0; i < sums.length; i++) {
      float before = values[offset + i];
      double sum = before + sums[i];
      if (Math.abs(sum) >= end && Float.isFinite(before)) {
        throw overflow(sum);
      }
      float rounded = (float) sum;
      if ((Float.floatToRawIntBits(rounded) & perhapsTie) == 0 && rounded != sum) {
        rounded = towardsOdd(sum);
      }
      values[offset + i] = rounded;
    }
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
      addOne(b[at + k], a[k], sums);
    }
    for (; k < rank; k += 4) {
      addFour(at + k, a[k], a[k + 1], a[k + 2], a[k + 3], sums);
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
}
