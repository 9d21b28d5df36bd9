package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.internal.HostFloats;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Direct convolution")
class DirectConvolutionTest {

  private static final double TOLERANCE = 1e-5;

  @ParameterizedTest(name = "kernel {0} on {1} x {2} planes")
  @CsvSource({"1, 4, 7", "3, 4, 7", "3, 7, 2", "5, 6, 3", "5, 3, 9", "9, 1, 5"})
  @DisplayName("agrees with the definition of a convolution, forward and backward")
  void agreesWithLoops(int kernel, int height, int width) {
    // given
    Convolution convolution = new DirectConvolution();
    Loops loops = new Loops(2, 3, 5, height, width, kernel);
    try (INDArray x = Tensors.gaussian(1, 2, 3, height, width);
        INDArray weight = Tensors.gaussian(2, 5, 3, kernel, kernel);
        INDArray bias = Tensors.gaussian(3, 5);
        INDArray outGradient = Tensors.gaussian(4, 2, 5, height, width);
        INDArray weightGradient = HostFloats.uninitialized(5, 3, kernel, kernel);
        INDArray biasGradient = HostFloats.uninitialized(5)) {
      // when
      try (INDArray out = convolution.forward(x, weight, bias);
          INDArray inGradient =
              convolution.backward(x, weight, outGradient, weightGradient, biasGradient)) {
        // then
        loops.run(
            Tensors.values(x),
            Tensors.values(weight),
            Tensors.values(bias),
            Tensors.values(outGradient));
        assertClose("output", out, loops.out);
        assertClose("input gradient", inGradient, loops.inGradient);
        assertClose("weight gradient", weightGradient, loops.weightGradient);
        assertClose("bias gradient", biasGradient, loops.biasGradient);
      }
    }
  }

  @ParameterizedTest(name = "batch {0}")
  @ValueSource(ints = {1, 3})
  @DisplayName("gives the same in blocks of output channels as in one piece")
  void blocks(int batch) {
    // given 40 output channels, which make blocks of 16, 16 and 8
    Convolution whole = new DirectConvolution();
    Convolution blocked = new DirectConvolution(1);
    try (INDArray x = Tensors.gaussian(1, batch, 6, 5, 7);
        INDArray weight = Tensors.gaussian(2, 40, 6, 3, 3);
        INDArray bias = Tensors.gaussian(3, 40);
        // when
        INDArray expected = whole.forward(x, weight, bias);
        INDArray actual = blocked.forward(x, weight, bias);
        INDArray expectedWithoutBias = whole.forward(x, weight, null);
        INDArray actualWithoutBias = blocked.forward(x, weight, null)) {
      // then
      Golden.assertClose("output", actual, expected, 1e-6);
      Golden.assertClose("output without bias", actualWithoutBias, expectedWithoutBias, 1e-6);
      assertThat(Golden.relativeError(expected, expectedWithoutBias)).isGreaterThan(0.01);
    }
  }

  @ParameterizedTest(name = "batch {0}")
  @ValueSource(ints = {1, 3})
  @DisplayName("gives the same gradients in blocks of output channels as in one piece")
  void blocksBackward(int batch) {
    // given
    try (INDArray x = Tensors.gaussian(1, batch, 6, 5, 7);
        INDArray weight = Tensors.gaussian(2, 40, 6, 3, 3);
        INDArray outGradient = Tensors.gaussian(3, batch, 40, 5, 7);
        INDArray expectedWeight = HostFloats.uninitialized(weight.shape());
        INDArray expectedBias = HostFloats.uninitialized(40);
        INDArray actualWeight = HostFloats.uninitialized(weight.shape());
        INDArray actualBias = HostFloats.uninitialized(40);
        // when
        INDArray expected =
            new DirectConvolution().backward(x, weight, outGradient, expectedWeight, expectedBias);
        INDArray actual =
            new DirectConvolution(1).backward(x, weight, outGradient, actualWeight, actualBias)) {
      // then
      Golden.assertClose("input gradient", actual, expected, 1e-6);
      Golden.assertClose("weight gradient", actualWeight, expectedWeight, 1e-6);
      Golden.assertClose("bias gradient", actualBias, expectedBias, 1e-6);
    }
  }

  private static void assertClose(String what, INDArray actual, double[] expected) {
    float[] values = Tensors.values(actual);
    assertThat(values).as(what).hasSameSizeAs(expected);
    double largest = 1;
    for (double e : expected) {
      largest = Math.max(largest, Math.abs(e));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(values[i] - expected[i]) / largest)
          .as("%s at %d: %s, expected %s", what, i, values[i], expected[i])
          .isLessThan(TOLERANCE);
    }
  }

  /** The definition, as plain loops in float64. */
  private static final class Loops {

    private final int batch;
    private final int in;
    private final int channels;
    private final int height;
    private final int width;
    private final int kernel;
    private final double[] out;
    private final double[] inGradient;
    private final double[] weightGradient;
    private final double[] biasGradient;

    Loops(int batch, int in, int out, int height, int width, int kernel) {
      this.batch = batch;
      this.in = in;
      this.channels = out;
      this.height = height;
      this.width = width;
      this.kernel = kernel;
      this.out = new double[batch * out * height * width];
      this.inGradient = new double[batch * in * height * width];
      this.weightGradient = new double[out * in * kernel * kernel];
      this.biasGradient = new double[out];
    }

    void run(float[] x, float[] weight, float[] bias, float[] outGradient) {
      for (int b = 0; b < batch; b++) {
        for (int o = 0; o < channels; o++) {
          for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
              int at = ((b * channels + o) * height + row) * width + column;
              out[at] = bias[o];
              biasGradient[o] += outGradient[at];
              gather(b, o, row, column, at, x, weight, outGradient);
            }
          }
        }
      }
    }

    private void gather(
        int b, int o, int row, int column, int at, float[] x, float[] weight, float[] outGradient) {
      for (int i = 0; i < in; i++) {
        for (int kr = 0; kr < kernel; kr++) {
          for (int kc = 0; kc < kernel; kc++) {
            int r = row + kr - kernel / 2;
            int c = column + kc - kernel / 2;
            if (r >= 0 && r < height && c >= 0 && c < width) {
              int from = ((b * in + i) * height + r) * width + c;
              int w = ((o * in + i) * kernel + kr) * kernel + kc;
              out[at] += (double) x[from] * weight[w];
              inGradient[from] += (double) outGradient[at] * weight[w];
              weightGradient[w] += (double) outGradient[at] * x[from];
            }
          }
        }
      }
    }
  }
}
