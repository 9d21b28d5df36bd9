package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorFile;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Values that {@code src/test/scripts/hyper_conv.py} made with PyTorch in float64. */
final class Golden {

  /** The structure that the script writes out. */
  static final HyperConvConfig CONFIG = HyperConvConfig.of("(3,8,10) (4,6,7) (4,6,7) (5,4,6)", 3);

  private Golden() {}

  static Path file(String name) {
    try {
      return Path.of(Golden.class.getResource("/golden/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  static TensorFile open(String name) {
    return TensorFile.open(file(name));
  }

  /**
   * The largest difference, relative to the largest expected value, or to 1 where that is smaller:
   * the bias of a convolution that a layer normalisation follows has the gradient 0 but for
   * rounding.
   */
  static double relativeError(INDArray actual, INDArray expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    float[] a = HostFloats.toArray(actual);
    float[] e = HostFloats.toArray(expected);
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      assertThat(a[i]).isFinite();
      difference = Math.max(difference, Math.abs((double) a[i] - e[i]));
      largest = Math.max(largest, Math.abs(e[i]));
    }
    return difference / Math.max(1, largest);
  }

  static void assertClose(String what, INDArray actual, INDArray expected, double tolerance) {
    assertThat(relativeError(actual, expected))
        .as("relative error of %s %s", what, Arrays.toString(actual.shape()))
        .isLessThanOrEqualTo(tolerance);
  }
}
