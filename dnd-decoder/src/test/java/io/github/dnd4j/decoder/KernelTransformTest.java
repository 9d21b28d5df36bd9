package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.decoder.FourierBlock.Kernels;
import io.github.dnd4j.decoder.FourierBlock.Part;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("The transform of kernels")
class KernelTransformTest {

  private static final float UNTOUCHED = 1e9f;

  /**
   * Kernels of 1 to 11, transforms of even and odd heights, single channels, whole and partial
   * blocks of channels of both sides, and blocks in the middle of the weights.
   */
  @ParameterizedTest(name = "kernel {0}, {1} x {2}, {4} of {3} outputs, {6} of {5} inputs")
  @CsvSource({
    "1, 1, 2, 1, 1, 1, 1",
    "1, 4, 6, 3, 3, 5, 5",
    "3, 3, 4, 70, 6, 9, 9",
    "3, 6, 8, 2, 2, 17, 16",
    "5, 7, 6, 5, 5, 3, 2",
    "9, 14, 18, 67, 64, 13, 11",
    "9, 29, 10, 64, 64, 9, 9",
    "9, 9, 72, 1, 1, 1, 1",
    "11, 15, 12, 3, 1, 20, 8",
    "11, 16, 14, 130, 2, 8, 8"
  })
  @DisplayName("is that of the definition, of weights as they are and transposed")
  void agreesWithDefinition(
      int kernel, int down, int across, int allOut, int out, int allIn, int in) {
    FourierPlan plan = plan(kernel, down, across, allOut, allIn);
    Part channels = new Part(allOut - out, out, allIn - in, in);
    for (boolean transposed : new boolean[] {false, true}) {
      // given
      long[] shape = {transposed ? allIn : allOut, transposed ? allOut : allIn, kernel, kernel};
      try (INDArray weights = Tensors.gaussian(kernel + down, shape)) {
        // when
        float[][][][] actual = transform(plan, channels, weights, transposed);
        // then
        assertAgrees(actual, channels, weights, transposed);
      }
    }
  }

  /** A plan with transforms of these lengths, for one tile; the planes do not matter here. */
  private static FourierPlan plan(int kernel, int down, int across, int out, int in) {
    ConvolutionShape shape = new ConvolutionShape(1, in, out, down, across, kernel);
    return new FourierPlan(
        shape, new FourierAxis(down, 1, down, down), new FourierAxis(across, 1, across, across));
  }

  /** {@code [part, f, g, (in, out)]}, group by group of frequencies as a convolution asks. */
  private static float[][][][] transform(
      FourierPlan plan, Part channels, INDArray weights, boolean transposed) {
    int together = FourierBlock.frequenciesAtOnce(plan);
    int down = plan.vertical().transform();
    int pairs = channels.out() * channels.in();
    float[][][][] result = new float[2][plan.across()][down][pairs];
    KernelTransform transform = new KernelTransform(plan, new FourierMatrices(plan, transposed));
    transform.split(new Kernels(Numbers.of(weights), transposed), channels);
    try (INDArray memory = HostFloats.uninitialized(2L * together * down * channels.pairs())) {
      for (int first = 0; first < plan.across(); first += together) {
        memory.assign(UNTOUCHED);
        int count = Math.min(together, plan.across() - first);
        transform.transform(channels, first, count, Place.addressOf(memory));
        for (int part = 0; part < 2; part++) {
          for (int f = 0; f < count; f++) {
            for (int g = 0; g < down; g++) {
              float[] to = result[part][first + f][g];
              new Place(FourierBlock.kernel(plan, channels, part, f, g, Place.addressOf(memory)))
                  .get(to);
            }
          }
        }
      }
    }
    return result;
  }

  private static void assertAgrees(
      float[][][][] actual, Part channels, INDArray weights, boolean transposed) {
    float[] taps = Tensors.values(weights);
    int kernel = (int) weights.size(2);
    int area = kernel * kernel;
    double tolerance = 3e-7 * area;
    for (int in = 0; in < channels.in(); in++) {
      for (int out = 0; out < channels.out(); out++) {
        long row = transposed ? channels.firstIn() + in : channels.firstOut() + out;
        long column = transposed ? channels.firstOut() + out : channels.firstIn() + in;
        int first = (int) (row * weights.size(1) + column) * area;
        for (int f = 0; f < actual[0].length; f++) {
          for (int g = 0; g < actual[0][f].length; g++) {
            int down = actual[0][f].length;
            double[] expected =
                definition(taps, first, kernel, f, 2 * actual[0].length, g, down, transposed);
            for (int part = 0; part < 2; part++) {
              float value = actual[part][f][g][in * channels.out() + out];
              assertThat((double) value)
                  .as("part %d at %d, %d of input %d, output %d", part, f, g, in, out)
                  .isCloseTo(expected[part], within(tolerance));
            }
          }
        }
      }
    }
  }

  /**
   * The sum over a kernel's taps of {@code exp(2 pi i ((f + 1/2) column / n + g row / m))}, rows
   * and columns counted from the middle; of the mirrored kernel with the opposite sign.
   */
  private static double[] definition(
      float[] taps, int first, int kernel, int f, int n, int g, int m, boolean mirrored) {
    double real = 0;
    double imaginary = 0;
    for (int row = 0; row < kernel; row++) {
      for (int column = 0; column < kernel; column++) {
        double turns = (f + 0.5) * (column - kernel / 2) / n + (double) g * (row - kernel / 2) / m;
        double angle = (mirrored ? -2 : 2) * Math.PI * turns;
        float tap = taps[first + row * kernel + column];
        real += tap * Math.cos(angle);
        imaginary += tap * Math.sin(angle);
      }
    }
    return new double[] {real, imaginary};
  }
}
