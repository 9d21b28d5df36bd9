package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Products with packed matrices, {@code x W^T + b}. A worker takes some rows of W, which are
 * columns of the result, unpacks them, and multiplies all rows of x with them, so that a matrix is
 * unpacked once for a batch. Of 1536 rows that makes the product of 16-bit weights about 5% slower
 * than of float32.
 *
 * <p>Without a BLAS, as on a GPU, matrices are unpacked whole, for ND4J's operations.
 */
final class PackedProducts implements AutoCloseable {

  /** Numbers of W at a time: with fewer x is read too often, with more the cache is too small. */
  private static final int PANEL = 1 << 19;

  private static final int MOST_ROWS = 512;

  private final Workers workers = new Workers(Workers.preferredThreads());
  private final boolean blas;

  /** For each worker room for a panel; or null, as long as none was needed. */
  private INDArray panels;

  private long panelSize;

  /**
   * Makes them.
   *
   * @param blas whether to call a BLAS, which must be there, or ND4J's operations
   */
  PackedProducts(boolean blas) {
    this.blas = blas;
  }

  /** Some rows of a matrix for a worker. */
  record Panel(int first, int count) {

    /** How many rows a panel of a matrix has. */
    static int rows(int rows, int columns, int threads) {
      int most = Math.max(16, Math.min(MOST_ROWS, PANEL / columns));
      int panels = (rows + most - 1) / most;
      int even = (panels + threads - 1) / threads * threads;
      // The kernels of a BLAS work on so many at a time.
      return ((rows + even - 1) / even + 15) / 16 * 16;
    }
  }

  /** Work on a panel. */
  @FunctionalInterface
  interface PanelWork {

    /**
     * Does it.
     *
     * @param panel the rows
     * @param scratch the address of memory for them as float32
     * @param worker who does it, from 0
     */
    void on(Panel panel, long scratch, int worker);
  }

  boolean blas() {
    return blas;
  }

  int threads() {
    return workers.threads();
  }

  /**
   * Multiplies.
   *
   * @param x {@code [rows, in]}
   * @param dense {@code in -> out}
   * @param result {@code [rows, out]}, to be filled
   */
  void multiply(INDArray x, PackedDense dense, INDArray result) {
    multiply(x, dense, false, result);
  }

  /**
   * Multiplies and adds.
   *
   * @param x {@code [rows, in]}
   * @param dense {@code in -> out}
   * @param sum {@code [rows, out]}, to which the product is added
   */
  void add(INDArray x, PackedDense dense, INDArray sum) {
    multiply(x, dense, true, sum);
  }

  private void multiply(INDArray x, PackedDense dense, boolean add, INDArray result) {
    if (!blas) {
      byOperations(x, dense, add, result);
      return;
    }
    PackedMatrix weight = dense.weight();
    float[] bias = dense.bias();
    forEachPanel(
        weight,
        (panel, scratch, worker) -> {
          long to = Place.addressOf(result) + (long) Float.BYTES * panel.first;
          if (bias != null) {
            spread(bias, panel, to, (int) x.size(0), weight.rows(), add);
          }
          multiply(x, weight, panel, scratch, add || bias != null ? 1 : 0, to, weight.rows());
        });
  }

  /**
   * The product with some rows of a matrix, for one worker.
   *
   * @param x {@code [rows, in]}
   * @param weight {@code [out, in]}
   * @param panel which of its rows
   * @param scratch the address of memory for these
   * @param beta what is there is multiplied with before, 0 or 1
   * @param to the address of the first number of the result
   * @param stride from one row of the result to the next
   */
  void multiply(
      INDArray x,
      PackedMatrix weight,
      Panel panel,
      long scratch,
      float beta,
      long to,
      long stride) {
    int in = weight.columns();
    long right = weight.floats(panel.first, panel.count, scratch);
    Gemm.Size size = new Gemm.Size((int) x.size(0), panel.count, in).withRightTransposed();
    new Gemm().multiply(size, Place.addressOf(x), in, right, in, beta, to, stride);
  }

  private static void spread(
      float[] bias, Panel panel, long place, int rows, int stride, boolean add) {
    Place to = new Place(place);
    float[] part = Arrays.copyOfRange(bias, panel.first, panel.first + panel.count);
    float[] sum = part;
    for (int row = 0; row < rows; row++) {
      to.at(place + (long) Float.BYTES * row * stride);
      if (add) {
        sum = new float[panel.count];
        to.get(sum);
        TokenOps.add(sum, 0, part);
      }
      to.put(sum);
    }
  }

  /** Lets the workers take the rows of a matrix, with one thread each for BLAS. */
  void forEachPanel(PackedMatrix weight, PanelWork work) {
    int rows = Panel.rows(weight.rows(), weight.columns(), workers.threads());
    reserve((long) rows * weight.columns());
    int count = (weight.rows() + rows - 1) / rows;
    try (BlasThreads single = BlasThreads.single()) {
      workers.run(
          count,
          (index, worker) -> {
            int first = index * rows;
            Panel panel = new Panel(first, Math.min(rows, weight.rows() - first));
            work.on(panel, Place.addressOf(panels) + Float.BYTES * panelSize * worker, worker);
          });
    }
  }

  private void reserve(long size) {
    if (size > panelSize) {
      close();
      panels = HostFloats.uninitialized(workers.threads(), size);
      panelSize = size;
    }
  }

  private static void byOperations(INDArray x, PackedDense dense, boolean add, INDArray result) {
    try (INDArray weight = dense.weight().toFloats();
        INDArray product = HostFloats.uninitialized(result.shape())) {
      Products.multiply(x, false, weight, true, product);
      if (dense.bias() != null) {
        try (INDArray row = HostFloats.toTensor(dense.bias(), dense.bias().length)) {
          product.addiRowVector(row);
        }
      }
      if (add) {
        result.addi(product);
      } else {
        result.assign(product);
      }
    }
  }

  @Override
  public void close() {
    if (panels != null) {
      panels.close();
      panels = null;
      panelSize = 0;
    }
  }
}
