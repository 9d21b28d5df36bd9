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
    float[] largest = new float[columns];
    Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    for (int row = 0; row < rows; row++) {
      raise(largest, firstOf.applyAsInt(row), scores, row * stride);
    }
    float[] sums = new float[columns];
    for (int row = 0; row < rows; row++) {
      int first = firstOf.applyAsInt(row);
      int from = row * stride;
      Arrays.fill(scores, from, from + first, 0);
      exp(scores, from, first, largest, scale);
      add(sums, first, scores, from);
    }
    for (int column = 0; column < columns; column++) {
      sums[column] = 1 / sums[column];
    }
    for (int row = 0; row < rows; row++) {
      multiply(scores, row * stride, firstOf.applyAsInt(row), sums);
    }
  }

  private static void raise(float[] largest, int first, float[] scores, int from) {
    for (int i = first; i < largest.length; i++) {
      largest[i] = Math.max(largest[i], scores[from + i]);
    }
  }

  private static void add(float[] sums, int first, float[] scores, int from) {
    for (int i = first; i < sums.length; i++) {
      sums[i] += scores[from + i];
    }
  }

  private static void multiply(float[] scores, int from, int first, float[] factors) {
    for (int i = first; i < factors.length; i++) {
      scores[from + i] *= factors[i];
    }
  }

  /**
   * {@code exp(scale * (value - largest))} of some values, in place. With {@code t = x / 32} it is
   * {@code expm1(t)} by a polynomial, which {@code fit_exp.py} among the tests fits, then {@code y
   * (y + 2)} four times, which doubles t each time, then {@code (1 + y)^2}. Within 1.5e-7 of the
   * exact one; what is below exp(-32) becomes about that. Only plain arithmetic, so that the
   * compiler can use vector instructions, which it does not for {@link Math#exp}.
   *
   * @param values holds a row
   * @param from where it begins
   * @param first the first column that is to be replaced
   * @param largest for each column a number at least as large
   * @param scale not negative
   */
  static void exp(float[] values, int from, int first, float[] largest, float scale) {
    float part = scale / 32;
    for (int i = first; i < largest.length; i++) {
      float t = Math.max((values[from + i] - largest[i]) * part, -1f);
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
      values[from + i] = root * root;
    }
  }
}
