package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("Direct convolution")
class DirectConvolutionTest {

  private static final double TOLERANCE = 1e-5;

  /** The orders of axes in memory, outermost first, that the decoder's maps come in. */
  private static final List<int[]> ORDERS =
      List.of(
          new int[] {0, 1, 2, 3},
          new int[] {0, 3, 2, 1},
          new int[] {0, 2, 1, 3},
          new int[] {0, 3, 1, 2},
          new int[] {0, 2, 3, 1});

  @ParameterizedTest(name = "kernel {0}, batch {1}, {2} to {3} channels, {4} x {5} planes")
  @CsvSource({
    "1, 1, 3, 5, 4, 7",
    "3, 3, 3, 5, 4, 7",
    "3, 1, 1, 5, 7, 2",
    "5, 3, 13, 17, 6, 3",
    "5, 1, 17, 6, 3, 9",
    "9, 1, 3, 1, 1, 5",
    "9, 3, 6, 20, 10, 4",
    "11, 1, 5, 9, 4, 12",
    "11, 3, 2, 3, 6, 6"
  })
  @DisplayName("agrees with the definition of a convolution, forward and backward, in any order")
  void agreesWithLoops(int kernel, int batch, int in, int out, int height, int width) {
    // given
    Convolution convolution = new DirectConvolution();
    Loops loops = new Loops(batch, in, out, height, width, kernel);
    try (INDArray x = Tensors.gaussian(1, batch, in, height, width);
        INDArray weight = Tensors.gaussian(2, out, in, kernel, kernel);
        INDArray bias = Tensors.gaussian(3, out);
        INDArray outGradient = Tensors.gaussian(4, batch, out, height, width);
        INDArray weightGradient = HostFloats.uninitialized(out, in, kernel, kernel);
        INDArray biasGradient = HostFloats.uninitialized(out)) {
      loops.run(
          Tensors.values(x),
          Tensors.values(weight),
          Tensors.values(bias),
          Tensors.values(outGradient));
      for (int[] order : ORDERS) {
        // when
        try (INDArray maps = Tensors.inOrder(x, order);
            INDArray gradient = Tensors.inOrder(outGradient, order);
            INDArray result = convolution.forward(maps, weight, bias);
            INDArray inGradient =
                convolution.backward(maps, weight, gradient, weightGradient, biasGradient)) {
          // then
          assertClose("output", result, loops.out);
          assertClose("input gradient", inGradient, loops.inGradient);
          assertClose("weight gradient", weightGradient, loops.weightGradient);
          assertClose("bias gradient", biasGradient, loops.biasGradient);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HALF", "BFLOAT16"})
  @DisplayName("takes weights of 16 bits for the same numbers in float32, block by block")
  void weightsOf16Bits(DataType type) {
    // given an engine of blocks of 16 channels, with a smaller one at the end
    Convolution convolution = new DirectConvolution(1);
    try (INDArray x = Tensors.gaussian(1, 2, 3, 6, 7);
        INDArray any = Tensors.gaussian(2, 40, 3, 5, 5);
        INDArray weight = any.castTo(type);
        INDArray rounded = weight.castTo(DataType.FLOAT);
        INDArray bias = Tensors.gaussian(3, 40);
        INDArray expected = convolution.forward(x, rounded, bias);
        // when
        INDArray actual = convolution.forward(x, weight, bias)) {
      // then
      assertThat(Tensors.values(actual)).isEqualTo(Tensors.values(expected));
    }
  }

  @Test
  @DisplayName("gives maps whose axes lie in memory as those of its input, as callers hope")
  void keepsOrder() {
    // given
    Convolution convolution = new DirectConvolution();
    try (INDArray packed = Tensors.gaussian(1, 2, 4, 5, 6);
        INDArray weight = Tensors.gaussian(2, 7, 6, 3, 3);
        // when the last axis is mixed
        INDArray result = convolution.forward(packed.permute(0, 3, 2, 1), weight, null)) {
      // then
      assertThat(result.shape()).containsExactly(2, 7, 5, 4);
      assertThat(HostFloats.accepts(result.permute(0, 3, 2, 1))).isTrue();
    }
  }

  @ParameterizedTest(name = "kernel {0}, batch {1}, {2} to {3} channels, {4} x {5} planes")
  @CsvSource({"3, 3, 33, 20, 9, 12", "5, 2, 130, 144, 10, 6", "9, 1, 64, 40, 10, 20"})
  @DisplayName("has ND4J's own gradients, in blocks and permuted too")
  void agreesWithNd4j(int kernel, int batch, int in, int out, int height, int width) {
    // given
    int[] arguments = {kernel, kernel, 1, 1, kernel / 2, kernel / 2, 1, 1, 0, 0, 1};
    try (INDArray x = Tensors.gaussian(1, batch, in, height, width);
        INDArray weight = Tensors.gaussian(2, out, in, kernel, kernel);
        INDArray outGradient = Tensors.gaussian(3, batch, out, height, width);
        INDArray expectedWeight = HostFloats.uninitialized(weight.shape());
        INDArray expected = HostFloats.uninitialized(x.shape());
        INDArray weightGradient = HostFloats.uninitialized(weight.shape())) {
      Nd4j.exec(
          DynamicCustomOp.builder("conv2d_bp")
              .addInputs(x, weight, outGradient)
              .addOutputs(expected, expectedWeight)
              .addIntegerArguments(arguments)
              .build());
      for (int[] order : ORDERS) {
        for (Convolution engine : List.of(new DirectConvolution(), new DirectConvolution(1))) {
          // when
          try (INDArray maps = Tensors.inOrder(x, order);
              INDArray gradient = Tensors.inOrder(outGradient, order);
              INDArray actual = engine.backward(maps, weight, gradient, weightGradient, null)) {
            // then
            Golden.assertClose("input gradient", actual, expected, 2e-6);
            Golden.assertClose("weight gradient", weightGradient, expectedWeight, 2e-6);
          }
        }
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
