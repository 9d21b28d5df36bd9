package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a BERT does to each token apart from matrix products. These loops read and write memory once
 * where a chain of ND4J operations does so many times, and each row's result depends on that row
 * only.
 */
final class TokenOps {

  private static final float P0 = 4.9999812e-1f;
  private static final float P1 = -4.7357133e-1f;
  private static final float P2 = 1.8075211e-1f;
  private static final float P3 = -3.4731537e-2f;
  private static final float P4 = 3.3577615e-3f;
  private static final float P5 = -1.3058366e-4f;
  private static final float Q1 = -1.493523e-1f;
  private static final float Q2 = 2.4310617e-1f;
  private static final float Q3 = -1.1486055e-2f;
  private static final float Q4 = 2.4085468e-2f;
  private static final float Q5 = -2.3869425e-3f;
  private static final float Q6 = 4.035515e-3f;
  private static final float Q7 = -1.00045e-3f;
  private static final float Q8 = 2.710039e-4f;

  private TokenOps() {}

  /**
   * LayerNorm of a sum: {@code target = norm(x + residual)}.
   *
   * @param x {@code [rows, C]}
   * @param residual {@code [rows, C]}; may be the target
   * @param norm the affine part
   * @param eps what is added to the variance
   * @param target {@code [rows, C]}
   */
  static void addAndNormalize(
      INDArray x, INDArray residual, BertWeights.Norm norm, float eps, INDArray target) {
    int width = (int) x.size(1);
    RowBlocks.forEach(
        (int) x.size(0),
        (first, count) -> {
          float[] sum = read(x, first, count);
          float[] other = read(residual, first, count);
          add(sum, 0, other);
          for (int row = 0; row < count; row++) {
            normalize(sum, row * width, norm, eps);
          }
          write(target, first, sum);
        });
  }

  /** GELU with the error function, in place: {@code x = x / 2 * (1 + erf(x / sqrt 2))}. */
  static void gelu(INDArray x) {
    gelu(x, x);
  }

  /** The same from one matrix to another of its shape. */
  static void gelu(INDArray x, INDArray target) {
    RowBlocks.forEach(
        (int) x.size(0),
        (first, count) -> {
          float[] values = read(x, first, count);
          gelu(values);
          write(target, first, values);
        });
  }

  static float[] read(INDArray matrix, int first, int count) {
    int width = (int) matrix.size(1);
    float[] rows = new float[count * width];
    HostFloats.of(matrix).read((long) first * width, rows, 0, rows.length);
    return rows;
  }

  static void write(INDArray matrix, int first, float[] rows) {
    HostFloats.of(matrix).write(first * matrix.size(1), rows, 0, rows.length);
  }

  /** Adds all of some values to those of an array from a place on. */
  static void add(float[] sum, int from, float[] values) {
    for (int i = 0; i < values.length; i++) {
      sum[from + i] += values[i];
    }
  }

  /**
   * The same of two arrays from their beginning. Only if both are indexed alike does the compiler
   * know that a sum is not one of the values yet to come, and use vector instructions.
   */
  static void add(float[] sum, float[] values) {
    for (int i = 0; i < values.length; i++) {
      sum[i] += values[i];
    }
  }

  /** Fills an array with a row again and again, as many times as it has room for. */
  static void repeat(float[] row, float[] target) {
    for (int at = 0; at + row.length <= target.length; at += row.length) {
      System.arraycopy(row, 0, target, at, row.length);
    }
  }

  /** LayerNorm of one row, in place: the variance is the mean squared deviation. */
  static void normalize(float[] values, int from, BertWeights.Norm norm, float eps) {
    standardize(values, from, norm.weight().length, eps);
    applyAffine(values, from, norm);
  }

  /**
   * Gives a row the mean 0 and the variance 1, in place.
   *
   * @return what the deviations from the mean were multiplied with
   */
  static float standardize(float[] values, int from, int width, float eps) {
    float mean = sum(values, from, width) / width;
    for (int i = 0; i < width; i++) {
      values[from + i] -= mean;
    }
    float variance = sumOfProducts(values, values, from, width) / width;
    float scale = (float) (1 / Math.sqrt(variance + eps));
    for (int i = 0; i < width; i++) {
      values[from + i] *= scale;
    }
    return scale;
  }

  /** The affine part of LayerNorm for one row, in place. */
  static void applyAffine(float[] values, int from, BertWeights.Norm norm) {
    float[] weight = norm.weight();
    float[] bias = norm.bias();
    for (int i = 0; i < weight.length; i++) {
      values[from + i] = values[from + i] * weight[i] + bias[i];
    }
  }

  /** The same for a row that is an array of its own, which takes vector instructions. */
  static void applyAffine(float[] row, BertWeights.Norm norm) {
    float[] weight = norm.weight();
    float[] bias = norm.bias();
    for (int i = 0; i < weight.length; i++) {
      row[i] = row[i] * weight[i] + bias[i];
    }
  }

  /** Four sums side by side: a single one would wait for itself, and would round worse. */
  static float sum(float[] values, int from, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = from;
    int end = from + count;
    for (; i + 3 < end; i += 4) {
      a += values[i];
      b += values[i + 1];
      c += values[i + 2];
      d += values[i + 3];
    }
    for (; i < end; i++) {
      a += values[i];
    }
    return a + b + (c + d);
  }

  /** The sum of the products of two rows at the same place. */
  static float sumOfProducts(float[] x, float[] y, int from, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = from;
    int end = from + count;
    for (; i + 3 < end; i += 4) {
      a += x[i] * y[i];
      b += x[i + 1] * y[i + 1];
      c += x[i + 2] * y[i + 2];
      d += x[i + 3] * y[i + 3];
    }
    for (; i < end; i++) {
      a += x[i] * y[i];
    }
    return a + b + (c + d);
  }

  /**
   * GELU of all values, in place, as {@code max(x, 0) - u * h(u)} with {@code u = |x|} and {@code
   * h(u) = erfc(u / sqrt 2) / 2}. The rational approximation of h is fitted by {@code fit_gelu.py}
   * among the tests; the result is within 1.3e-7 plus half a unit in the last place of the exact
   * one. Computing {@code 1 + erf} in float32 would lose more than that in the negative tail, where
   * most of a BERT's activations are. Only plain arithmetic, so that the compiler can use vector
   * instructions.
   */
  static void gelu(float[] values) {
    gelu(values, values.length);
  }

  /** The same for the first values of an array. */
  static void gelu(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      float x = values[i];
      float u = Math.min(Math.abs(x), 5.5f);
      float p = P5;
      p = p * u + P4;
      p = p * u + P3;
      p = p * u + P2;
      p = p * u + P1;
      p = p * u + P0;
      float q = Q8;
      q = q * u + Q7;
      q = q * u + Q6;
      q = q * u + Q5;
      q = q * u + Q4;
      q = q * u + Q3;
      q = q * u + Q2;
      q = q * u + Q1;
      q = q * u + 1;
      values[i] = Math.max(x, 0f) - u * p / q;
    }
  }

  /**
   * The derivative of {@link #gelu(float[])}, times a gradient. With {@code h = p / q} it is {@code
   * (x > 0 ? 1 : 0) - sign(x) (h + u h')}, here without branches.
   *
   * @param values the inputs; become the results of the GELU
   * @param gradients of those results; become those of the inputs
   */
  static void geluBackward(float[] values, float[] gradients) {
    for (int i = 0; i < values.length; i++) {
      float x = values[i];
      float u = Math.min(Math.abs(x), 5.5f);
      float p = P5;
      float dp = P5;
      p = p * u + P4;
      dp = dp * u + p;
      p = p * u + P3;
      dp = dp * u + p;
      p = p * u + P2;
      dp = dp * u + p;
      p = p * u + P1;
      dp = dp * u + p;
      p = p * u + P0;
      float q = Q8;
      float dq = Q8;
      q = q * u + Q7;
      dq = dq * u + q;
      q = q * u + Q6;
      dq = dq * u + q;
      q = q * u + Q5;
      dq = dq * u + q;
      q = q * u + Q4;
      dq = dq * u + q;
      q = q * u + Q3;
      dq = dq * u + q;
      q = q * u + Q2;
      dq = dq * u + q;
      q = q * u + Q1;
      dq = dq * u + q;
      q = q * u + 1;
      float h = p / q;
      float slope = (dp - h * dq) / q;
      float sign = x / Math.max(Math.abs(x), Float.MIN_NORMAL);
      gradients[i] *= 0.5f + sign * (0.5f - h - u * slope);
      values[i] = Math.max(x, 0f) - u * h;
    }
  }
}
