package io.github.dnd4j.encoder;

/**
 * The steps of a softmax down the columns of a matrix, some of its rows at a time. Columns, because
 * one row after the other can then be taken with vector instructions, where the largest of a row
 * and its sum would wait for themselves.
 *
 * <p>The compiler makes vector instructions of a loop only if it knows that its arrays do not
 * overlap, which it does where all of them are indexed alike, and only long arrays are worth it:
 * see {@link ScoreTile}, which arranges for both.
 */
final class Softmax {

  private static final float E2 = 5.0000036e-1f;
  private static final float E3 = 1.666533e-1f;
  private static final float E4 = 4.1804593e-2f;
  private static final float E5 = 7.874539e-3f;
  private static final float E6 = 1.9483035e-3f;

  private Softmax() {}

  /** Raises the largest so far to new scores. */
  static void raise(float[] largest, float[] scores) {
    for (int i = 0; i < largest.length; i++) {
      largest[i] = Math.max(largest[i], scores[i]);
    }
  }

  /** Multiplies, in place. */
  static void multiply(float[] values, float[] factors) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= factors[i];
    }
  }

  /** Replaces sums by what to multiply with to divide by them. */
  static void invert(float[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] = 1 / sums[i];
    }
  }

  /**
   * {@code exp(scale * (value - largest))} of all values, in place. With {@code u = x / 32 = scale
   * (largest - value) / 32} it is {@code s = expm1(u)} by a polynomial, which {@code fit_exp.py}
   * among the tests fits, then {@code s (s + 2)} five times, which doubles u each time, then {@code
   * 1 / (1 + s)}. All terms are positive: nothing cancels, and what is far below the largest needs
   * no limit, as s grows to infinity and the result falls to 0. Within 1.5e-7 of the exact one.
   * Only plain arithmetic, so that the compiler can use vector instructions, which it does not for
   * {@link Math#exp}.
   *
   * @param values to be replaced
   * @param largest for each of them a number at least as large, not infinite
   * @param scale positive
   */
  static void exp(float[] values, float[] largest, float scale) {
    float part = scale / 32;
    for (int i = 0; i < values.length; i++) {
      float u = (largest[i] - values[i]) * part;
      float p = E6;
      p = p * u + E5;
      p = p * u + E4;
      p = p * u + E3;
      p = p * u + E2;
      float s = u + u * u * p;
      s = s * (s + 2);
      s = s * (s + 2);
      s = s * (s + 2);
      s = s * (s + 2);
      s = s * (s + 2);
      values[i] = 1 / (s + 1);
    }
  }
}
