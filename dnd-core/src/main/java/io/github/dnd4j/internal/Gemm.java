package io.github.dnd4j.internal;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

/**
 * Products of float32 matrices anywhere in native memory, {@code c = a b + beta c}, by the BLAS
 * that ND4J brings. A matrix is an address and a stride, the distance in numbers from one row to
 * the next. For use by one thread.
 */
public final class Gemm {

  private static final long SMALL = 1_000_000;

  private static final class SmallProducts {

    static final boolean AS_THEY_ARE = OpenBlasCore.hasAvx512();
  }

  private final Place a = new Place(0);
  private final Place b = new Place(0);
  private final Place c = new Place(0);

  /** Ready for any products. */
  public Gemm() {}

  /**
   * Up to how many multiplications a product takes its sides as they lie in memory, where larger
   * ones copy them first. OpenBLAS has such kernels for AVX-512: a product of a narrow matrix is up
   * to twice as fast in pieces of that size.
   *
   * @return a million; 0 if all products copy their sides
   */
  public static long smallProduct() {
    return SmallProducts.AS_THEY_ARE ? SMALL : 0;
  }

  /**
   * How large a product is, and how its sides are stored.
   *
   * @param rows of a and c
   * @param columns of b and c
   * @param inner columns of a, rows of b
   * @param leftTransposed whether a is stored as {@code [inner, rows]}
   * @param rightTransposed whether b is stored as {@code [columns, inner]}
   */
  public record Size(
      int rows, int columns, int inner, boolean leftTransposed, boolean rightTransposed) {

    /**
     * Of matrices that are stored as they are.
     *
     * @param rows of a and c
     * @param columns of b and c
     * @param inner columns of a, rows of b
     */
    public Size(int rows, int columns, int inner) {
      this(rows, columns, inner, false, false);
    }

    /**
     * The same with a transposed in memory.
     *
     * @return for a that is stored as {@code [inner, rows]}
     */
    public Size withLeftTransposed() {
      return new Size(rows, columns, inner, true, rightTransposed);
    }

    /**
     * The same with b transposed in memory.
     *
     * @return for b that is stored as {@code [columns, inner]}
     */
    public Size withRightTransposed() {
      return new Size(rows, columns, inner, leftTransposed, true);
    }
  }

  /**
   * Multiplies.
   *
   * @param size how large, and which sides are transposed in memory
   * @param left the address of a
   * @param leftStride its stride
   * @param right the address of b
   * @param rightStride its stride
   * @param beta what c is multiplied with before, 0 or 1
   * @param to the address of c
   * @param stride its stride
   */
  public void multiply(
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
        size.leftTransposed ? CblasTrans : CblasNoTrans,
        size.rightTransposed ? CblasTrans : CblasNoTrans,
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
