package io.github.dnd4j.encoder;

import java.util.Arrays;

/**
 * Products of the small matrices of attention heads. In Java, because a call into ND4J costs more
 * than such a product. Each row is an array of its own: only then does the compiler know that rows
 * do not overlap, and use vector instructions, which makes the loops several times faster.
 */
final class SmallProducts {

  private SmallProducts() {}

  /**
   * {@code c = a * b}.
   *
   * @param a {@code [m, k]}
   * @param b {@code [k, n]}
   * @param c {@code [m, n]}, to be filled
   */
  static void multiply(float[][] a, float[][] b, float[][] c) {
    int k = b.length;
    for (int i = 0; i < c.length; i++) {
      Arrays.fill(c[i], 0);
      int p = 0;
      for (; p + 3 < k; p += 4) {
        addFour(a[i], p, b[p], b[p + 1], b[p + 2], b[p + 3], c[i]);
      }
      for (; p < k; p++) {
        addOne(a[i][p], b[p], c[i]);
      }
    }
  }

  /** Four rows of b at once, so that a row of c is loaded and stored a quarter as often. */
  private static void addFour(
      float[] a, int p, float[] b0, float[] b1, float[] b2, float[] b3, float[] c) {
    float a0 = a[p];
    float a1 = a[p + 1];
    float a2 = a[p + 2];
    float a3 = a[p + 3];
    for (int j = 0; j < c.length; j++) {
      c[j] += a0 * b0[j] + a1 * b1[j] + (a2 * b2[j] + a3 * b3[j]);
    }
  }

  private static void addOne(float factor, float[] b, float[] c) {
    for (int j = 0; j < c.length; j++) {
      c[j] += factor * b[j];
    }
  }

  static float[][] transposed(float[][] matrix) {
    float[][] result = new float[matrix[0].length][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[i].length; j++) {
        result[j][i] = matrix[i][j];
      }
    }
    return result;
  }
}
