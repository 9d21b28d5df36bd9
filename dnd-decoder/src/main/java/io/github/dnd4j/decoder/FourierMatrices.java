package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Place;
import java.util.Arrays;

/**
 * The transforms of a {@link FourierConvolution} as matrices, in 'c' order. Transforms are this
 * short, and there are so many of them, that products of matrices are the fastest way to do them.
 *
 * <p>Across the width, real numbers become {@code n/2} complex ones by a transform at odd
 * frequencies, {@code X[f] = sum x[j] exp(-2 pi i (f + 1/2) j / n)}: the conjugates make up the
 * other half, and none is real, so that all are treated alike. What wraps around comes back
 * negative, but only zeros and outputs that nobody reads do. Down the height, these complex numbers
 * are transformed as usual, {@code Y[g] = sum y[j] exp(-2 pi i g j / m)}.
 *
 * <p>Kernels are transformed with the opposite sign, because neural networks do not mirror them.
 * The middle of a kernel and the place of the map that meets it at the first output count as 0.
 */
final class FourierMatrices {

  private final FourierPlan plan;
  private final int kernel;
  private final int vertical;
  private final int horizontal;
  private final boolean mirrored;

  /**
   * Of a plan.
   *
   * @param plan its sizes
   * @param mirrored whether kernels are to be mirrored, as for the gradient of the input
   */
  FourierMatrices(FourierPlan plan, boolean mirrored) {
    this.plan = plan;
    this.kernel = plan.kernel();
    this.vertical = plan.vertical().transform();
    this.horizontal = plan.horizontal().transform();
    this.mirrored = mirrored;
  }

  /** Rows are {@code (f, re or im)}, columns the inputs. */
  float[] mapsAcross() {
    float[] matrix = new float[horizontal * horizontal];
    for (int row = 0; row < horizontal; row++) {
      for (int j = 0; j < horizontal; j++) {
        matrix[row * horizontal + j] =
            (float) rotation(-oddAngle(row / 2, j - kernel / 2), row % 2, false);
      }
    }
    return matrix;
  }

  /**
   * Both ways in one, for {@link KernelHalves}: rows are {@code (f, g)}, columns the taps from the
   * middle on. Even halves make up the real part and odd ones the imaginary part.
   */
  float[] kernels(boolean odd) {
    int middle = kernel * kernel / 2;
    int half = middle + 1;
    float[] matrix = new float[horizontal / 2 * vertical * half];
    for (int row = 0; row < horizontal / 2 * vertical; row++) {
      for (int j = 0; j < half; j++) {
        int tap = middle + j;
        double angle =
            oddAngle(row / vertical, tap % kernel - kernel / 2)
                + angle(row % vertical, tap / kernel - kernel / 2);
        matrix[row * half + j] = factor(angle, odd);
      }
    }
    return matrix;
  }

  /**
   * The same across only, for {@link KernelTransform}: a row of factors for each frequency, for the
   * columns after the middle.
   */
  float[][] kernelsAcross(boolean odd) {
    float[][] factors = new float[horizontal / 2][kernel / 2];
    for (int f = 0; f < factors.length; f++) {
      for (int j = 0; j < kernel / 2; j++) {
        factors[f][j] = factor(oddAngle(f, j + 1), odd);
      }
    }
    return factors;
  }

  /** And down only, for the rows below the middle. */
  float[][] kernelsDown(boolean odd) {
    float[][] factors = new float[vertical][kernel / 2];
    for (int g = 0; g < vertical; g++) {
      for (int j = 0; j < kernel / 2; j++) {
        factors[g][j] = factor(angle(g, j + 1), odd);
      }
    }
    return factors;
  }

  private float factor(double angle, boolean odd) {
    return (float) (odd ? Math.sin(mirrored ? -angle : angle) : Math.cos(angle));
  }

  private double oddAngle(int frequency, int j) {
    return 2 * Math.PI * ((2L * frequency + 1) * j % (2L * horizontal)) / (2.0 * horizontal);
  }

  private double angle(int frequency, int j) {
    return 2 * Math.PI * ((long) frequency * j % vertical) / vertical;
  }

  /**
   * The share of the real or of the imaginary parts: rows are {@code (g, re or im)}, columns the
   * inputs.
   */
  float[] mapsDown(boolean imaginary) {
    float[] matrix = new float[2 * vertical * vertical];
    for (int row = 0; row < 2 * vertical; row++) {
      for (int j = 0; j < vertical; j++) {
        matrix[row * vertical + j] =
            (float) rotation(-angle(row / 2, j - kernel / 2), row % 2, imaginary);
      }
    }
    return matrix;
  }

  /** Multiplication with exp(i angle): what an input's part adds to the output's. */
  private static double rotation(double angle, int outputPart, boolean imaginaryInput) {
    if (outputPart == 0) {
      return imaginaryInput ? -Math.sin(angle) : Math.cos(angle);
    }
    return imaginaryInput ? Math.cos(angle) : Math.sin(angle);
  }

  /** Back: rows are the outputs, columns are {@code (g, re or im)}. */
  float[] backDown(int rows, boolean imaginary) {
    int columns = 2 * vertical;
    float[] matrix = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double angle = angle(column / 2, row);
        matrix[row * columns + column] =
            (float) (rotation(angle, imaginary ? 1 : 0, column % 2 == 1) / vertical);
      }
    }
    return matrix;
  }

  /**
   * Back: rows are the products with the real and with the imaginary part of the kernels, {@code
   * (part, f, re or im)}, columns the outputs.
   */
  float[] backAcross(int columns) {
    float[] matrix = new float[2 * horizontal * columns];
    for (int row = 0; row < 2 * horizontal; row++) {
      int part = row / horizontal;
      int frequency = row % horizontal / 2;
      for (int column = 0; column < columns; column++) {
        double angle = oddAngle(frequency, column);
        // The real part of exp(i angle) times 1 or i times the number's real or imaginary part.
        double value = rotation(angle + part * Math.PI / 2, 0, row % 2 == 1);
        matrix[row * columns + column] = (float) (2 * value / horizontal);
      }
    }
    return matrix;
  }

  /** Writes those that a convolution takes, one after the other. */
  Placed place(long address) {
    return new Placed(address, this, false);
  }

  /** Writes those that the gradient of the weights takes: {@link #kernels} besides. */
  Placed placeForGradient(long address) {
    return new Placed(address, this, true);
  }

  /** The matrices in native memory, by their addresses. */
  static final class Placed {

    private long next;

    final long mapsAcross;
    final long mapsDownReal;
    final long mapsDownImaginary;
    private final long evenKernels;
    private final long oddKernels;
    final long backDownReal;
    final long backDownImaginary;
    final long backAcross;

    /** As many ones as a plane is wide: their product with the bias spreads it. */
    final long ones;

    private final long end;

    private Placed(long address, FourierMatrices matrices, boolean withKernels) {
      this.next = address;
      FourierPlan plan = matrices.plan;
      this.end = address + Float.BYTES * numbers(plan, withKernels);
      this.mapsAcross = put(matrices.mapsAcross());
      this.mapsDownReal = put(matrices.mapsDown(false));
      this.mapsDownImaginary = put(matrices.mapsDown(true));
      this.evenKernels = withKernels ? put(matrices.kernels(false)) : 0;
      this.oddKernels = withKernels ? put(matrices.kernels(true)) : 0;
      this.backDownReal = put(matrices.backDown(plan.vertical().tile(), false));
      this.backDownImaginary = put(matrices.backDown(plan.vertical().tile(), true));
      this.backAcross = put(matrices.backAcross(plan.horizontal().tile()));
      float[] one = new float[plan.shape().width()];
      Arrays.fill(one, 1);
      this.ones = put(one);
    }

    /** Where the numbers of the matrices end. */
    long end() {
      return end;
    }

    /** What makes the real parts of kernels' transforms, or the imaginary ones. */
    long kernels(int part) {
      return part == 0 ? evenKernels : oddKernels;
    }

    private long put(float[] values) {
      new Place(next).put(values);
      long place = next;
      next += Float.BYTES * FourierBlock.aligned(values.length);
      return place;
    }

    /** How many numbers the matrices of a plan take, with the gaps between them. */
    static long numbers(FourierPlan plan, boolean withKernels) {
      long down = plan.vertical().transform();
      long across = plan.horizontal().transform();
      long numbers =
          across * across
              + 4 * down * down
              + (withKernels ? across * down * KernelHalves.half(plan.shape()) : 0)
              + 4 * down * plan.vertical().tile()
              + 2 * across * plan.horizontal().tile()
              + plan.shape().width();
      return FourierBlock.aligned(numbers + 9 * FourierBlock.ALIGNMENT);
    }
  }
}
