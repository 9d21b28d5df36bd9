package io.github.dnd4j.encoder;

/** The softmax of rows of scores. */
final class Softmax {

  private static final float E2 = 4.9999923e-1f;
  private static final float E3 = 1.6664553e-1f;
  private static final float E4 = 4.1518e-2f;
  private static final float E5 = 7.946539e-3f;
  private static final float E6 = 9.5437065e-4f;

  private Softmax() {}

  /**
   * {@code softmax(scale * scores)} of a row, in place.
   *
   * @param scores holds the row
   * @param from where it begins
   * @param count how many there are, at least one
   * @param scale what the scores are multiplied with, not negative
   */
  static void apply(float[] scores, int from, int count, float scale) {
    exp(scores, from, count, largest(scores, from, count), scale);
    float factor = 1 / TokenOps.sum(scores, from, count);
    for (int i = from; i < from + count; i++) {
      scores[i] *= factor;
    }
  }

  /** By comparisons, which are foretold nearly always, where {@link Math#max} waits for itself. */
  private static float largest(float[] values, int from, int count) {
    float largest = values[from];
    for (int i = from + 1; i < from + count; i++) {
      if (values[i] > largest) {
        largest = values[i];
      }
    }
    return largest;
  }

  /**
   * {@code exp(scale * (value - largest))} of some values, in place. With {@code t = x / 32} it is
   * {@code expm1(t)} by a polynomial, which {@code fit_exp.py} among the tests fits, then {@code y
   * (y + 2)} four times, which doubles t each time, then {@code (1 + y)^2}. Within 1.5e-7 of the
   * exact one; what is below exp(-32) becomes about that. Only plain arithmetic, so that the
   * compiler can use vector instructions, which it does not for {@link Math#exp}.
   *
   * @param values to be replaced
   * @param from the first of them
   * @param count how many
   * @param largest at least as large as each of them
   * @param scale not negative
   */
  static void exp(float[] values, int from, int count, float largest, float scale) {
    float part = scale / 32;
    for (int i = from; i < from + count; i++) {
      float t = Math.max((values[i] - largest) * part, -1f);
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
