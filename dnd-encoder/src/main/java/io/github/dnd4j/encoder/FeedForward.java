package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The feed-forward part of a layer: {@code gelu(x W1 + b1) W2 + b2}. Each worker takes some rows
 * all the way, so that what lies between the products, four times as wide, stays in the cache.
 *
 * <p>Without a BLAS, as on a GPU, it is done by ND4J's operations one after the other.
 */
final class FeedForward implements AutoCloseable {

  /** As many as the cache of a core holds with the widest part. */
  private static final int ROWS = 96;

  private final int width;
  private final int innerWidth;
  private final Workers workers = new Workers(Workers.preferredThreads());
  private final boolean blas = BlasThreads.available();

  /** All rows, or those that the workers are at. */
  private final INDArray inner;

  /**
   * Allocates what a batch needs.
   *
   * @param rows tokens in a batch
   * @param width of a token
   * @param innerWidth of the part in between
   */
  FeedForward(int rows, int width, int innerWidth) {
    this.width = width;
    this.innerWidth = innerWidth;
    this.inner =
        HostFloats.uninitialized(blas ? (long) ROWS * workers.threads() : rows, innerWidth);
  }

  /**
   * Computes.
   *
   * @param x {@code [rows, width]}
   * @param layer the weights
   * @param result {@code [rows, width]}, to be filled
   */
  void apply(INDArray x, BertWeights.Layer layer, INDArray result) {
    if (blas) {
      inParts(x, layer, result);
      return;
    }
    Products.dense(x, layer.intermediate(), inner);
    TokenOps.gelu(inner);
    Products.dense(inner, layer.output(), result);
  }

  private void inParts(INDArray x, BertWeights.Layer layer, INDArray result) {
    int rows = (int) x.size(0);
    int parts = (rows + ROWS - 1) / ROWS;
    float[] innerBias = HostFloats.toArray(layer.intermediate().bias());
    float[] bias = HostFloats.toArray(layer.output().bias());
    try (BlasThreads single = BlasThreads.single()) {
      workers.run(
          parts,
          (part, worker) -> {
            int first = part * ROWS;
            int count = Math.min(ROWS, rows - first);
            long from = Place.addressOf(x) + (long) Float.BYTES * first * width;
            long to = Place.addressOf(result) + (long) Float.BYTES * first * width;
            long between = Place.addressOf(inner) + (long) Float.BYTES * worker * ROWS * innerWidth;
            Gemm gemm = new Gemm();
            multiply(gemm, count, from, width, layer.intermediate(), innerWidth, 0, between);
            activate(between, count, innerBias);
            spread(bias, count, to);
            multiply(gemm, count, between, innerWidth, layer.output(), width, 1, to);
          });
    }
  }

  private static void multiply(
      Gemm gemm,
      int rows,
      long from,
      int in,
      BertWeights.Dense dense,
      int out,
      float beta,
      long to) {
    long weight = Place.addressOf(dense.weight());
    gemm.multiply(new Gemm.Size(rows, out, in), from, in, weight, out, beta, to, out);
  }

  private void activate(long place, int rows, float[] bias) {
    Place numbers = new Place(place);
    float[] values = new float[rows * innerWidth];
    numbers.get(values);
    for (int row = 0; row < rows; row++) {
      TokenOps.add(values, row * innerWidth, bias);
    }
    TokenOps.gelu(values);
    numbers.put(values);
  }

  private static void spread(float[] bias, int rows, long place) {
    Place to = new Place(place);
    for (int row = 0; row < rows; row++) {
      to.at(place + (long) Float.BYTES * row * bias.length).put(bias);
    }
  }

  @Override
  public void close() {
    inner.close();
  }
}
