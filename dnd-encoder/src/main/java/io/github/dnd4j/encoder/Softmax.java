package io.github.dnd4j.encoder;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** The softmax of columns of scores. */
final class Softmax {

  private static final float E2 = 4.9999923e-1f;
  private static final float E3 = 1.6664553e-1f;
  private static final float E4 = 4.1518e-2f;
  private static final float E5 = 7.946539e-3f;
  private static final float E6 = 9.5437065e-4f;

  private Softmax() {}

  /**
   * {@code softmax(scale * scores)} of every column, in place. Columns, because one row after the
   * other can then be taken with vector instructions, where the largest of a row and its sum would
   * wait for themselves.
   *
   * @param scores {@code [rows, stride]}
   * @param rows how many rows, at least one
   * @param columns how many columns of a row there are
   * @param stride from one row to the next
   * @param firstOf the first column of a row that takes part; what is before becomes 0
   * @param scale what the scores are multiplied with, not negative
   */
  static void ofColumns(
      float[] scores, int rows, int columns, int stride, IntUnaryOperator firstOf, float scale) {
    // A row goes through an array of its own: only then does the compiler know that it is not
    // another one's memory, and use vector instructions.
    float[] row = new float[columns];
    float[] largest = new float[columns];
    Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    for (int r = 0; r < rows; r++) {
      System.arraycopy(scores, r * stride, row, 0, columns);
      raise(largest, row, firstOf.applyAsInt(r));
    }
    float[] sums = new float[columns];
    for (int r = 0; r < rows; r++) {
      int first = firstOf.applyAsInt(r);
      System.arraycopy(scores, r * stride, row, 0, columns);
      Arrays.fill(row, 0, first, 0);
      exp(row, largest, first, scale);
      add(sums, row);
      System.arraycopy(row, 0, scores, r * stride, columns);
    }
    for (int column = 0; column < columns; column++) {
      sums[column] = 1 / sums[column];
    }
    for (int r = 0; r < rows; r++) {
      System.arraycopy(scores, r * stride, row, 0, columns);
      multiply(row, sums);
      System.arraycopy(row, 0, scores, r * stride, columns);
    }
  }

  private static void raise(float[] largest, float[] row, int first) {
    for (int i = first; i < largest.length; i++) {
      largest[i] = Math.max(largest[i], row[i]);
    }
  }

  private static void add(float[] sums, float[] row) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += row[i];
    }
  }

  private static void multiply(float[] row, float[] factors) {
    for (int i = 0; i < row.length; i++) {
      row[i] *= factors[i];
    }
  }

  /**
   * {@code exp(scale * (value - largest))} of some values, in place. With {@code t = x / 32} it is
   * {@code expm1(t)} by a polynomial, which {@code fit_exp.py} among the tests fits, then {@code y
   * (y + 2)} four times, which doubles t each time, then {@code (1 + y)^2}. Within 1.5e-7 of the
   * exact one; what is below exp(-32) becomes about that. Only plain arithmetic, so that the
   * compiler can use vector instructions, which it does not for {@link Math#exp}.
   *
   * @param values to be replaced
   * @param largest for each of them a number at least as large
   * @param first the first that is to be replaced
   * @param scale not negative
   */
  static void exp(float[] values, float[] largest, int first, float scale) {
    float part = scale / 32;
    for (int i = first; i < values.length; i++) {
      float t = Math.max((values[i] - largest[i]) * part, -1f);
      float p = E6;
      p = p * t + E5;
      p = p * t + E4;
      p = p * t + E3;
      p = p * t + E2;
      float y = t + t * t * p;
      y = y * (y + 2);
      y = y * (y + 2);
      y = y * (y + 2);
      y = y * (y + 2);
      float root = y + 1;
      values[i] = root * root;
    }
  }
}
