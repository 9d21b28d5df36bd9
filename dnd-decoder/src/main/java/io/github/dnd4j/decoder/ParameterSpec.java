package io.github.dnd4j.decoder;

import java.util.List;

/**
 * One parameter of a decoder layer.
 *
 * @param name its name in DL4J's tables
 * @param fileName its name in a checkpoint, after the layer's prefix
 * @param shape its shape
 * @param bias whether it is a bias rather than a weight, for DL4J's separate settings of the two
 * @param initialisation its value in a fresh layer
 */
record ParameterSpec(
    String name, String fileName, List<Long> shape, boolean bias, Initialisation initialisation) {

  /**
   * The value of a fresh parameter.
   *
   * @param constant all elements have this value, if bound is 0
   * @param bound else they are uniform within this bound
   */
  record Initialisation(float constant, double bound) {

    static Initialisation constant(float value) {
      return new Initialisation(value, 0);
    }

    static Initialisation uniform(double bound) {
      return new Initialisation(0, bound);
    }
  }

  /** Whether it is the weight of a convolution, {@code [out, in, k, k]}. */
  boolean isKernels() {
    return shape.size() == 4;
  }

  long size() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
