package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The dense maps of layers that normalize by {@link RmsNorm} before each part and add its result to
 * what went in. They have no biases, and their weights are as PyTorch stores them, {@code [out,
 * in]}. Each worker takes some rows all the way, so that what lies between norm and product, and
 * between the products of the feed-forward part, stays in the cache.
 *
 * <p>Without a BLAS, as on a GPU, it is done by ND4J's operations one after the other.
 */
final class PreNormMaps implements AutoCloseable {

  /** As many as the cache of a core holds with the widest part. */
  private static final int ROWS = 96;

  private final int width;
  private final Inner inner;
  private final Workers workers = new Workers(Workers.preferredThreads());
  private final boolean blas;

  /** All rows, or those that the workers are at. */
  private final INDArray normalized;

  /** Likewise, before the activation. */
  private final INDArray between;

  /** Likewise, after it; only what ND4J's operations need. */
  private final INDArray activated;

  /**
   * What is in the middle of a feed-forward part.
   *
   * @param width how many numbers the last product takes
   * @param gated whether the first product makes twice as many, of which the first half goes
   *     through the activation and is then multiplied with the second half (Shazeer, arXiv
   *     2002.05202)
   * @param activation what is done to them
   */
  record Inner(int width, boolean gated, Activation activation) {

    /** How many numbers the first product makes. */
    int columns() {
      return gated ? Math.multiplyExact(2, width) : width;
    }

    /**
     * Makes rows of {@link #width} numbers of rows of {@link #columns}, in place.
     *
     * @param values the rows, one after the other
     * @param rows how many
     */
    void apply(float[] values, int rows) {
      for (int row = 0; row < rows; row++) {
        int from = row * columns();
        activation.apply(values, from, width);
        if (gated) {
          multiply(values, from, from + width, row * width);
        }
      }
    }

    /** The target is never beyond the factors. */
    private void multiply(float[] values, int one, int other, int target) {
      for (int i = 0; i < width; i++) {
        values[target + i] = values[one + i] * values[other + i];
      }
    }
  }

  /**
   * Allocates what a batch needs.
   *
   * @param rows tokens in a batch
   * @param width of a token
   * @param inner of the feed-forward part
   * @param blas whether to call a BLAS, which must be there, or ND4J's operations
   */
  PreNormMaps(int rows, int width, Inner inner, boolean blas) {
    this.width = width;
    this.inner = inner;
    this.blas = blas;
    long room = blas ? (long) ROWS * workers.threads() : rows;
    this.normalized = HostFloats.uninitialized(room, width);
    this.between = HostFloats.uninitialized(room, inner.columns());
    this.activated = blas ? between : HostFloats.uninitialized(room, inner.width());
  }

  /**
   * {@code result = norm(x) * weight}.
   *
   * @param x {@code [rows, width]}
   * @param norm what comes before
   * @param weight {@code [out, width]}
   * @param result {@code [rows, out]}, to be filled
   */
  void project(INDArray x, RmsNorm norm, INDArray weight, INDArray result) {
    if (!blas) {
      norm.apply(x, normalized);
      Products.multiply(normalized, false, weight, true, result);
      return;
    }
    forEachBlock(
        (int) x.size(0),
        (first, count, worker) -> {
          long rows = normalize(x, norm, first, count, worker);
          multiply(count, rows, weight, 0, row(result, first));
        });
  }

  /**
   * {@code x = x + part * weight}.
   *
   * @param part {@code [rows, in]}
   * @param weight {@code [width, in]}
   * @param x {@code [rows, width]}, to be changed
   */
  void addProduct(INDArray part, INDArray weight, INDArray x) {
    if (!blas) {
      Products.multiply(part, false, weight, true, normalized);
      x.addi(normalized);
      return;
    }
    forEachBlock(
        (int) x.size(0),
        (first, count, worker) -> multiply(count, row(part, first), weight, 1, row(x, first)));
  }

  /**
   * The feed-forward part: {@code x = x + activation(norm(x) * first) * last}.
   *
   * @param x {@code [rows, width]}, to be changed
   * @param norm what comes before
   * @param first {@code [inner.columns(), width]}
   * @param last {@code [width, inner.width()]}
   */
  void feedForward(INDArray x, RmsNorm norm, INDArray first, INDArray last) {
    if (!blas) {
      project(x, norm, first, between);
      activateAll();
      addProduct(activated, last, x);
      return;
    }
    forEachBlock(
        (int) x.size(0),
        (start, count, worker) -> {
          long rows = normalize(x, norm, start, count, worker);
          long middle = row(between, (long) worker * ROWS);
          multiply(count, rows, first, 0, middle);
          activate(middle, count);
          multiply(count, middle, last, 1, row(x, start));
        });
  }

  private void activateAll() {
    RowBlocks.forEach(
        (int) between.size(0),
        (first, count) -> {
          float[] values = TokenOps.read(between, first, count);
          inner.apply(values, count);
          HostFloats.of(activated)
              .write((long) first * inner.width(), values, 0, count * inner.width());
        });
  }

  private void activate(long place, int rows) {
    Place numbers = new Place(place);
    float[] values = new float[Math.multiplyExact(rows, inner.columns())];
    numbers.get(values);
    inner.apply(values, rows);
    numbers.put(values, 0, rows * inner.width());
  }

  /** Work on some rows of one worker. */
  @FunctionalInterface
  private interface BlockWork {
    void on(int first, int count, int worker);
  }

  private void forEachBlock(int rows, BlockWork work) {
    try (BlasThreads single = BlasThreads.single()) {
      workers.run(
          (rows + ROWS - 1) / ROWS,
          (block, worker) -> {
            int first = block * ROWS;
            work.on(first, Math.min(ROWS, rows - first), worker);
          });
    }
  }

  /** Normalizes rows into the worker's own memory, and tells where that is. */
  private long normalize(INDArray x, RmsNorm norm, int first, int count, int worker) {
    float[] rows = new float[count * width];
    new Place(row(x, first)).get(rows);
    for (int row = 0; row < count; row++) {
      norm.apply(rows, row * width);
    }
    long place = row(normalized, (long) worker * ROWS);
    new Place(place).put(rows);
    return place;
  }

  private static long row(INDArray matrix, long row) {
    return Place.addressOf(matrix) + Float.BYTES * row * matrix.size(1);
  }

  private static void multiply(int rows, long from, INDArray weight, float beta, long to) {
    int in = (int) weight.size(1);
    int out = (int) weight.size(0);
    Gemm.Size size = new Gemm.Size(rows, out, in).withRightTransposed();
    new Gemm().multiply(size, from, in, Place.addressOf(weight), in, beta, to, out);
  }

  @Override
  public void close() {
    List.of(normalized, between).forEach(INDArray::close);
    if (activated != between) {
      activated.close();
    }
  }
}
