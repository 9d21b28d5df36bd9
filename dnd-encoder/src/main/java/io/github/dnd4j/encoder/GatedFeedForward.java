package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The feed-forward part of a layer with SwiGLU (Shazeer, arXiv 2002.05202): {@code (silu(x Wgate^T)
 * * x Wup^T) Wdown^T}. A worker makes some columns of what is in between from both products, which
 * are not kept whole.
 */
final class GatedFeedForward implements AutoCloseable {

  /** Rows at a time, as memory for those of a very long text would be large. */
  private static final int ROWS = 2048;

  /** Numbers at a time for SiLU. */
  private static final int PIECE = 1 << 13;

  private final PackedProducts products;
  private final INDArray inner;

  /** For each worker both products of a panel; or null, as long as none was needed. */
  private INDArray pairs;

  /**
   * Allocates what a batch needs.
   *
   * @param rows tokens in a batch
   * @param innerWidth of the part in between
   * @param products multiplies; not owned
   */
  GatedFeedForward(int rows, int innerWidth, PackedProducts products) {
    this.products = products;
    this.inner = HostFloats.uninitialized(Math.min(rows, ROWS), innerWidth);
  }

  /**
   * Computes.
   *
   * @param x {@code [rows, width]}
   * @param layer the weights
   * @param sum {@code [rows, width]}, to which the result is added
   */
  void add(INDArray x, CausalLmWeights.Layer layer, INDArray sum) {
    for (long first = 0; first < x.size(0); first += ROWS) {
      long count = Math.min(ROWS, x.size(0) - first);
      INDArray some = rows(x, first, count);
      INDArray between = rows(inner, 0, count);
      if (products.blas()) {
        gated(some, layer, between);
      } else {
        gatedByOperations(some, layer, between);
      }
      products.add(between, layer.down(), rows(sum, first, count));
    }
  }

  private static INDArray rows(INDArray matrix, long first, long count) {
    return Views.of(matrix, first * matrix.size(1), count, matrix.size(1));
  }

  private void gated(INDArray x, CausalLmWeights.Layer layer, INDArray between) {
    PackedMatrix gate = layer.gate().weight();
    PackedMatrix up = layer.up().weight();
    reserve(gate);
    products.forEachPanel(
        gate,
        (panel, scratch, worker) -> {
          long first = Place.addressOf(pairs) + Float.BYTES * pairs.size(1) * worker;
          long second = first + Float.BYTES * x.size(0) * panel.count();
          products.multiply(x, gate, panel, scratch, 0, first, panel.count());
          products.multiply(x, up, panel, scratch, 0, second, panel.count());
          join(first, second, panel, between);
        });
  }

  private void reserve(PackedMatrix gate) {
    if (pairs == null) {
      int threads = products.threads();
      long panel = PackedProducts.Panel.rows(gate.rows(), gate.columns(), threads);
      pairs = HostFloats.uninitialized(threads, 2 * inner.size(0) * panel);
    }
  }

  private static void join(long gate, long up, PackedProducts.Panel panel, INDArray between) {
    int columns = panel.count();
    int rows = (int) between.size(0);
    int perPiece = Math.max(1, PIECE / columns);
    float[] gates = new float[perPiece * columns];
    float[] values = new float[perPiece * columns];
    Place place = new Place(gate);
    for (int row = 0; row < rows; row += perPiece) {
      int some = Math.min(perPiece, rows - row);
      long offset = (long) Float.BYTES * row * columns;
      place.at(gate + offset).get(gates, 0, some * columns);
      place.at(up + offset).get(values, 0, some * columns);
      Silu.gate(gates, values, some * columns);
      for (int i = 0; i < some; i++) {
        long to = (row + i) * between.size(1) + panel.first();
        place.at(Place.addressOf(between) + Float.BYTES * to).put(gates, i * columns, columns);
      }
    }
  }

  private void gatedByOperations(INDArray x, CausalLmWeights.Layer layer, INDArray between) {
    products.multiply(x, layer.gate(), between);
    try (INDArray up = HostFloats.uninitialized(between.shape())) {
      products.multiply(x, layer.up(), up);
      RowBlocks.forEach(
          (int) x.size(0),
          (first, count) -> {
            float[] gates = TokenOps.read(between, first, count);
            Silu.gate(gates, TokenOps.read(up, first, count), gates.length);
            TokenOps.write(between, first, gates);
          });
    }
  }

  @Override
  public void close() {
    inner.close();
    if (pairs != null) {
      pairs.close();
    }
  }
}
