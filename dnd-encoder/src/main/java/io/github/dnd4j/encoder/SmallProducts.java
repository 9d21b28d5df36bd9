package io.github.dnd4j.encoder;

import java.util.Arrays;

/**
 * Products of the small matrices of attention heads. In Java, because a call into ND4J costs more
 * than such a product; the loops are such that the compiler uses vector instructions.
 */
final class SmallProducts {

  private SmallProducts() {}

  /** A matrix in an array. */
  static final class Matrix {

    private final float[] values;
    private final int at;
    private final int stride;

    /**
     * Describes a matrix.
     *
     * @param values the array
     * @param at where its first row begins
     * @param stride from one row to the next
     */
    Matrix(float[] values, int at, int stride) {
      this.values = values;
      this.at = at;
      this.stride = stride;
    }

    float[] values() {
      return values;
    }

    int at() {
      return at;
    }
  }

  /**
   * {@code c = a * b}.
   *
   * @param a {@code [m, k]}
   * @param b {@code [k, n]}
   * @param c {@code [m, n]}, to be filled
   */
  static void multiply(int m, int n, int k, Matrix a, Matrix b, Matrix c) {
    for (int i = 0; i < m; i++) {
      int row = c.at + i * c.stride;
      Arrays.fill(c.values, row, row + n, 0);
      int from = a.at + i * a.stride;
      int p = 0;
      for (; p + 3 < k; p += 4) {
        addFour(n, a.values, from + p, b.values, b.at + p * b.stride, b.stride, c.values, row);
      }
      for (; p < k; p++) {
        addOne(n, a.values[from + p], b.values, b.at + p * b.stride, c.values, row);
      }
    }
  }

  /** Four rows of b at once, so that a row of c is loaded and stored a quarter as often. */
  private static void addFour(
      int n, float[] a, int from, float[] b, int first, int stride, float[] c, int row) {
    float a0 = a[from];
    float a1 = a[from + 1];
    float a2 = a[from + 2];
    float a3 = a[from + 3];
    int second = first + stride;
    int third = second + stride;
    int fourth = third + stride;
    for (int j = 0; j < n; j++) {
      c[row + j] +=
          a0 * b[first + j] + a1 * b[second + j] + (a2 * b[third + j] + a3 * b[fourth + j]);
    }
  }

  private static void addOne(int n, float factor, float[] b, int from, float[] c, int row) {
    for (int j = 0; j < n; j++) {
      c[row + j] += factor * b[from + j];
    }
  }

  /** {@code [rows, columns]} of a matrix, transposed, without gaps. */
  static Matrix transposed(int rows, int columns, Matrix matrix) {
    float[] result = new float[rows * columns];
    for (int i = 0; i < rows; i++) {
      int from = matrix.at + i * matrix.stride;
      for (int j = 0; j < columns; j++) {
        result[j * rows + i] = matrix.values[from + j];
      }
    }
    return new Matrix(result, 0, rows);
  }
}
