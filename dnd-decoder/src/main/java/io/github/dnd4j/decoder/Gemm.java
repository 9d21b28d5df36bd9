package io.github.dnd4j.decoder;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

/**
 * Products of float32 matrices anywhere in native memory, {@code c = a b + beta c}, by the BLAS
 * that ND4J brings. A matrix is an address and a stride, the distance in numbers from one row to
 * the next. For use by one thread.
 */
final class Gemm {

  private final Place a = new Place(0);
  private final Place b = new Place(0);
  private final Place c = new Place(0);

  /** How large a product is: a is {@code [rows, inner]}, b is {@code [inner, columns]}. */
  record Size(int rows, int columns, int inner) {}

  /** Of two matrices as they are. */
  void multiply(
      Size size,
      long left,
      long leftStride,
      long right,
      long rightStride,
      float beta,
      long to,
      long stride) {
    multiply(
        CblasNoTrans, CblasNoTrans, size, left, leftStride, right, rightStride, beta, to, stride);
  }

  /** With b stored as {@code [columns, inner]}. */
  void multiplyByTransposed(
      Size size,
      long left,
      long leftStride,
      long right,
      long rightStride,
      float beta,
      long to,
      long stride) {
    multiply(
        CblasNoTrans, CblasTrans, size, left, leftStride, right, rightStride, beta, to, stride);
  }

  /** With a stored as {@code [inner, rows]}. */
  void multiplyTransposed(
      Size size,
      long left,
      long leftStride,
      long right,
      long rightStride,
      float beta,
      long to,
      long stride) {
    multiply(
        CblasTrans, CblasNoTrans, size, left, leftStride, right, rightStride, beta, to, stride);
  }

  /** With both stored so. */
  void multiplyBothTransposed(
      Size size,
      long left,
      long leftStride,
      long right,
      long rightStride,
      float beta,
      long to,
      long stride) {
    multiply(CblasTrans, CblasTrans, size, left, leftStride, right, rightStride, beta, to, stride);
  }

  private void multiply(
      int ofLeft,
      int ofRight,
      Size size,
      long left,
      long leftStride,
      long right,
      long rightStride,
      float beta,
      long to,
      long stride) {
    cblas_sgemm(
        CblasRowMajor,
        ofLeft,
        ofRight,
        size.rows,
        size.columns,
        size.inner,
        1,
        a.at(left),
        (int) leftStride,
        b.at(right),
        (int) rightStride,
        beta,
        c.at(to),
        (int) stride);
  }
}
