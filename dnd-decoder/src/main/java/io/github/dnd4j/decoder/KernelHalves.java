package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.FourierBlock.Part;
import io.github.dnd4j.internal.Place;

/**
 * Gradients of kernels from those of the sums and differences of opposite taps. Seen from the tap
 * in the middle, the real part of a kernel's transform depends on the sums only, and the imaginary
 * part on the differences only, so that each takes half of the multiplications.
 *
 * <p>Halves are {@code [even or odd, (in, out), j]}, where j counts the taps from the middle on.
 */
final class KernelHalves {

  /** Channels of the input at a time: few enough for the cache next to the core. */
  private static final int IN = 8;

  private final ConvolutionShape shape;
  private final int taps;
  private final int half;
  private final float[] kernels;
  private final float[] even;
  private final float[] odd;
  private final Place place = new Place(0);

  KernelHalves(ConvolutionShape shape) {
    this.shape = shape;
    this.taps = shape.kernel() * shape.kernel();
    this.half = half(shape);
    this.kernels = new float[IN * taps];
    this.even = new float[IN * FourierBlock.OUT * half];
    this.odd = new float[IN * FourierBlock.OUT * half];
  }

  /** How many numbers a half of a kernel has. */
  static int half(ConvolutionShape shape) {
    return shape.kernel() * shape.kernel() / 2 + 1;
  }

  /** How many numbers the even halves of some channels have, and the odd ones. */
  long numbers(Part channels) {
    return (long) channels.in() * channels.out() * half;
  }

  /**
   * Puts gradients of kernels together.
   *
   * @param halves the gradients of the halves
   * @param channels whose they are
   * @param gradient the address of {@code [out, in, k, k]}
   * @param add whether to add to what is there, or to replace it
   */
  void join(long halves, Part channels, long gradient, boolean add) {
    for (int in = 0; in < channels.in(); in += IN) {
      int count = Math.min(IN, channels.in() - in);
      int numbers = count * channels.out() * half;
      place.at(even(channels, in, halves)).get(even, 0, numbers);
      place.at(odd(channels, in, halves)).get(odd, 0, numbers);
      for (int out = 0; out < channels.out(); out++) {
        place.at(gradient + Float.BYTES * first(channels, in, out));
        if (add) {
          place.get(kernels, 0, count * taps);
        }
        for (int i = 0; i < count; i++) {
          join((i * channels.out() + out) * half, i * taps, add ? 1 : 0);
        }
        place.put(kernels, 0, count * taps);
      }
    }
  }

  private void join(int from, int to, float beta) {
    int middle = to + taps / 2;
    kernels[middle] = even[from] + beta * kernels[middle];
    for (int j = 1; j < half; j++) {
      float sum = even[from + j];
      float difference = odd[from + j];
      kernels[middle + j] = sum + difference + beta * kernels[middle + j];
      kernels[middle - j] = sum - difference + beta * kernels[middle - j];
    }
  }

  /** The index of a kernel's first tap among those of weights {@code [out, in, k, k]}. */
  private long first(Part channels, int in, int out) {
    return ((long) (channels.firstOut() + out) * shape.in() + channels.firstIn() + in) * taps;
  }

  private long even(Part channels, int in, long halves) {
    return halves + (long) Float.BYTES * in * channels.out() * half;
  }

  private long odd(Part channels, int in, long halves) {
    return even(channels, in, halves) + Float.BYTES * numbers(channels);
  }
}
