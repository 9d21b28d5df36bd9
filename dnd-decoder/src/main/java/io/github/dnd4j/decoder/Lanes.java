package io.github.dnd4j.decoder;

/**
 * Arithmetic on some hundred numbers at once. The loops are such that the virtual machine makes
 * vector instructions of them: a few arrays, of different objects, in step with each other.
 */
final class Lanes {

  private Lanes() {}

  /** Takes numbers that are a step apart. */
  static void gather(float[] from, int first, int step, float[] to, int at, int count) {
    for (int i = 0; i < count; i++) {
      to[at + i] = from[first + i * step];
    }
  }

  /** Takes pairs of numbers that are a step apart: their sums and their differences. */
  static void gather(
      float[] from,
      int first,
      int second,
      int step,
      float[] sums,
      float[] differences,
      int at,
      int count) {
    for (int i = 0; i < count; i++) {
      float a = from[first + i * step];
      float b = from[second + i * step];
      sums[at + i] = a + b;
      differences[at + i] = a - b;
    }
  }

  /** The first becomes the sum, the second the difference. */
  static void addAndSubtract(float[] first, float[] second, int count) {
    for (int i = 0; i < count; i++) {
      float a = first[i];
      float b = second[i];
      first[i] = a + b;
      second[i] = a - b;
    }
  }

  /**
   * {@code to = base + the sum of terms times factors}; to may be base.
   *
   * @param to the result
   * @param base what is added to
   * @param terms arrays
   * @param first the index of the first of them
   * @param step to the next, 1 or -1
   * @param factors as many as there are terms
   * @param count how many numbers of each array
   */
  static void sum(
      float[] to, float[] base, float[][] terms, int first, int step, float[] factors, int count) {
    float[] before = base;
    int done = 0;
    for (; done + 4 <= factors.length; done += 4) {
      int term = first + done * step;
      add(
          to,
          before,
          terms[term],
          terms[term + step],
          terms[term + 2 * step],
          terms[term + 3 * step],
          factors[done],
          factors[done + 1],
          factors[done + 2],
          factors[done + 3],
          count);
      before = to;
    }
    for (; done < factors.length; done++) {
      add(to, before, terms[first + done * step], factors[done], count);
      before = to;
    }
    if (factors.length == 0) {
      System.arraycopy(base, 0, to, 0, count);
    }
  }

  private static void add(
      float[] to,
      float[] base,
      float[] a,
      float[] b,
      float[] c,
      float[] d,
      float p,
      float q,
      float r,
      float s,
      int count) {
    for (int i = 0; i < count; i++) {
      to[i] = (base[i] + p * a[i]) + (q * b[i] + r * c[i]) + s * d[i];
    }
  }

  private static void add(float[] to, float[] base, float[] a, float p, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = base[i] + p * a[i];
    }
  }
}
