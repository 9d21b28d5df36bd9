package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.FourierBlock.Kernels;
import io.github.dnd4j.decoder.FourierBlock.Part;
import io.github.dnd4j.internal.Place;
import java.util.ArrayList;
import java.util.List;

/**
 * Transforms kernels, some hundred at a time: what is done with a tap is done with that tap of all
 * of them, in {@link Lanes}.
 *
 * <p>First, kernels are taken apart into sums and differences of taps on opposite sides of the
 * middle, column by column and then row by row: sums stand where the tap after the middle was, and
 * differences where the one before it was. The real part across the width depends on sums of
 * columns only, and the imaginary part on differences only; so it is down the height, where the
 * frequencies g and -g differ in a sign. A kernel of 9 x 9 takes 81 multiplications for each
 * frequency across and 9 for each number that it becomes; one product of matrices for both ways
 * would take 41 for each number. For use by one thread.
 */
final class KernelTransform {

  /** Kernels at a time: enough for vector instructions, few enough for the cache. */
  private static final int KERNELS = 512;

  private final FourierPlan plan;
  private final int size;
  private final int taps;
  private final int middle;
  private final int inAtOnce;
  private final float[][] acrossEven;
  private final float[][] acrossOdd;
  private final float[][] downEven;
  private final float[][] downOdd;
  private final float[] line;

  /** Some kernels as they are: one output after the other, input by input. */
  private final float[] kernels;

  /** Sums and differences of one channel of the input after the other: row, column, kernel. */
  private final List<float[][][]> sums = new ArrayList<>();

  private final float[][] real;
  private final float[][] imaginary;
  private final float[] fromEven = new float[KERNELS];
  private final float[] fromOdd = new float[KERNELS];
  private final float[] zeros = new float[KERNELS];
  private final NumberReader reader = new NumberReader();
  private final Place place = new Place(0);

  KernelTransform(FourierPlan plan, FourierMatrices matrices) {
    this.plan = plan;
    this.acrossEven = matrices.kernelsAcross(false);
    this.acrossOdd = matrices.kernelsAcross(true);
    this.downEven = matrices.kernelsDown(false);
    this.downOdd = matrices.kernelsDown(true);
    this.size = plan.kernel();
    this.taps = size * size;
    this.middle = size / 2;
    this.inAtOnce = KERNELS / FourierBlock.OUT;
    this.line = new float[Math.max(inAtOnce, FourierBlock.OUT) * taps];
    this.kernels = new float[KERNELS * taps];
    this.real = new float[size][KERNELS];
    this.imaginary = new float[size][KERNELS];
  }

  /** Takes the kernels of some channels apart. */
  void split(Kernels from, Part channels) {
    int out = channels.out();
    for (int in = 0; in < channels.in(); in += inAtOnce) {
      int count = Math.min(inAtOnce, channels.in() - in);
      if (from.transposed()) {
        readByInput(from, channels, in, count);
      } else {
        readByOutput(from, channels, in, count);
      }
      float[][][] taken = sums(in / inAtOnce);
      for (int i = 0; i < count; i++) { // as many kernels as the cache next to the core holds
        splitColumns(taken, i * out, out);
      }
      splitRows(taken, count * out);
    }
  }

  private float[][][] sums(int index) {
    if (index == sums.size()) {
      sums.add(new float[size][size][KERNELS]);
    }
    return sums.get(index);
  }

  private void readByOutput(Kernels from, Part channels, int in, int count) {
    for (int out = 0; out < channels.out(); out++) {
      long first = (long) (channels.firstOut() + out) * plan.shape().in() + channels.firstIn() + in;
      reader.read(from.taps(), first * taps, line, count * taps);
      for (int i = 0; i < count; i++) {
        System.arraycopy(line, i * taps, kernels, (i * channels.out() + out) * taps, taps);
      }
    }
  }

  private void readByInput(Kernels from, Part channels, int in, int count) {
    int numbers = channels.out() * taps;
    for (int i = 0; i < count; i++) {
      long first = (long) (channels.firstIn() + in + i) * plan.shape().out() + channels.firstOut();
      reader.read(from.taps(), first * taps, line, numbers);
      System.arraycopy(line, 0, kernels, i * numbers, numbers);
    }
  }

  private void splitColumns(float[][][] to, int first, int count) {
    for (int row = 0; row < size; row++) {
      int centre = first * taps + row * size + middle;
      Lanes.gather(kernels, centre, taps, to[row][middle], first, count);
      for (int column = 1; column <= middle; column++) {
        Lanes.gather(
            kernels,
            centre + column,
            centre - column,
            taps,
            to[row][middle + column],
            to[row][middle - column],
            first,
            count);
      }
    }
  }

  private void splitRows(float[][][] taken, int count) {
    for (int row = 1; row <= middle; row++) {
      for (int column = 0; column < size; column++) {
        Lanes.addAndSubtract(taken[middle + row][column], taken[middle - row][column], count);
      }
    }
  }

  /**
   * Transforms the kernels that were taken apart for some frequencies across.
   *
   * @param channels whose they are
   * @param first the first frequency
   * @param count how many
   * @param to the address of the result; see {@link FourierBlock#kernel}
   */
  void transform(Part channels, int first, int count, long to) {
    for (int in = 0; in < channels.in(); in += inAtOnce) {
      int numbers = Math.min(inAtOnce, channels.in() - in) * channels.out();
      long pair = to + (long) Float.BYTES * in * channels.out();
      for (int f = 0; f < count; f++) {
        across(sums(in / inAtOnce), first + f, numbers);
        down(channels, f, numbers, pair);
      }
    }
  }

  private void across(float[][][] taken, int frequency, int count) {
    float[] cosines = acrossEven[frequency];
    float[] sines = acrossOdd[frequency];
    for (int row = 0; row < size; row++) {
      Lanes.sum(real[row], taken[row][middle], taken[row], middle + 1, 1, cosines, count);
      Lanes.sum(imaginary[row], zeros, taken[row], middle - 1, -1, sines, count);
    }
  }

  private void down(Part channels, int f, int count, long to) {
    int length = plan.vertical().transform();
    for (int g = 0; 2 * g <= length; g++) {
      int opposite = (length - g) % length;
      sum(real, imaginary, g, count);
      put(channels, 0, f, opposite, g, count, to);
      sum(imaginary, real, g, count);
      put(channels, 1, f, g, opposite, count, to);
    }
  }

  /** What even rows and odd rows come to. */
  private void sum(float[][] even, float[][] odd, int g, int count) {
    Lanes.sum(fromEven, even[middle], even, middle + 1, 1, downEven[g], count);
    Lanes.sum(fromOdd, zeros, odd, middle - 1, -1, downOdd[g], count);
  }

  /** Writes the sum of both for one frequency down and the difference for the opposite one. */
  private void put(Part channels, int part, int f, int sum, int difference, int count, long to) {
    if (sum != difference) {
      Lanes.addAndSubtract(fromEven, fromOdd, count);
      place.at(FourierBlock.kernel(plan, channels, part, f, difference, to));
      place.put(fromOdd, 0, count);
    }
    // A frequency that is its own opposite has no share of the odd rows.
    place.at(FourierBlock.kernel(plan, channels, part, f, sum, to)).put(fromEven, 0, count);
  }
}
