package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a layer does to each token by itself, after the attention: {@code m = norm(c Wo + bo + x)},
 * then {@code norm(gelu(m W1 + b1) W2 + b2 + m)}. Each worker takes some rows all the way, so that
 * what lies between the products stays in the cache.
 *
 * <p>Without a BLAS, as on a GPU, it is done by ND4J's operations one after the other.
 */
final class TokenLayer implements AutoCloseable {

  /** The most rows of a part: with fewer, BLAS copies the weights more often than it need. */
  private static final int ROWS = 384;

  /** So many columns between the two products at a time, as a core's cache has room for. */
  private static final int COLUMNS = 384;

  /** So many rows at a time in the Java heap. */
  private static final int GROUP = 16;

  private final int rows;
  private final int width;
  private final int innerWidth;
  private final float eps;
  private final Workers workers;

  /** Rows of a part. */
  private final int partRows;

  /** What each worker needs; empty without a BLAS. */
  private final List<Scratch> scratches = new ArrayList<>();

  /** For ND4J's operations; null with a BLAS. */
  private final INDArray projected;

  private final INDArray inner;

  /**
   * Allocates what a batch needs.
   *
   * @param rows tokens in a batch
   * @param config the model
   * @param blas whether to call a BLAS, which must be there, or ND4J's operations
   * @param threads how many threads may work; ND4J's operations have theirs
   */
  TokenLayer(int rows, BertConfig config, boolean blas, int threads) {
    this.workers = new Workers(threads);
    this.rows = rows;
    this.width = config.hiddenSize();
    this.innerWidth = config.intermediateSize();
    this.eps = config.layerNormEps();
    this.partRows = partRows(rows, workers.threads());
    if (blas) {
      for (int i = 0; i < workers.threads(); i++) {
        scratches.add(new Scratch());
      }
    }
    this.projected = blas ? null : HostFloats.uninitialized(rows, width);
    this.inner = blas ? null : HostFloats.uninitialized(rows, innerWidth);
  }

  /** As many parts for each worker, where that is possible. */
  private static int partRows(int rows, int threads) {
    int each = (rows + ROWS * threads - 1) / (ROWS * threads);
    int parts = each * threads;
    return Math.max(GROUP, (rows + parts - 1) / parts);
  }

  /**
   * Computes.
   *
   * @param context what the attention gave, {@code [rows, width]}
   * @param layer the weights
   * @param hidden {@code [rows, width]}, the layer's input; becomes its result
   */
  void apply(INDArray context, BertWeights.Layer layer, INDArray hidden) {
    if (scratches.isEmpty()) {
      byOperations(context, layer, hidden);
      return;
    }
    float[] attentionBias = HostFloats.toArray(layer.attentionOutput().bias());
    float[] innerBias = HostFloats.toArray(layer.intermediate().bias());
    float[] bias = HostFloats.toArray(layer.output().bias());
    try (BlasThreads single = BlasThreads.single()) {
      workers.run(
          (rows + partRows - 1) / partRows,
          (index, worker) -> {
            Part part = new Part(index * partRows, hidden, scratches.get(worker));
            part.project(context, layer.attentionOutput());
            part.addAndNormalize(attentionBias, layer.attentionNorm());
            part.feedForward(layer, innerBias);
            part.addAndNormalize(bias, layer.outputNorm());
          });
    }
  }

  private void byOperations(INDArray context, BertWeights.Layer layer, INDArray hidden) {
    Products.dense(context, layer.attentionOutput(), projected);
    TokenOps.addAndNormalize(projected, hidden, layer.attentionNorm(), eps, hidden);
    Products.dense(hidden, layer.intermediate(), inner);
    TokenOps.gelu(inner);
    Products.dense(inner, layer.output(), projected);
    TokenOps.addAndNormalize(projected, hidden, layer.outputNorm(), eps, hidden);
  }

  private static long bytes(long floats) {
    return floats * Float.BYTES;
  }

  /** What a worker works in. */
  private final class Scratch implements AutoCloseable {

    private final Gemm gemm = new Gemm();
    private final Place place = new Place(0);
    private final INDArray sums = HostFloats.uninitialized(partRows, width);
    private final INDArray between =
        HostFloats.uninitialized(partRows, Math.min(COLUMNS, innerWidth));
    private final float[] values = new float[GROUP * width];
    private final float[] residuals = new float[GROUP * width];

    /** A row each: see {@link TokenOps#add(float[], float[])}. */
    private final float[] row = new float[width];

    private final float[] other = new float[width];

    @Override
    public void close() {
      sums.close();
      between.close();
    }
  }

  /** Some rows. */
  private final class Part {

    private final int first;
    private final int count;
    private final long hidden;
    private final Scratch scratch;
    private final long sums;

    Part(int first, INDArray hidden, Scratch scratch) {
      this.first = first;
      this.count = Math.min(partRows, rows - first);
      this.hidden = Place.addressOf(hidden) + bytes((long) first * width);
      this.scratch = scratch;
      this.sums = Place.addressOf(scratch.sums);
    }

    void project(INDArray context, BertWeights.Dense dense) {
      long from = Place.addressOf(context) + bytes((long) first * width);
      long weight = Place.addressOf(dense.weight());
      scratch.gemm.multiply(
          new Gemm.Size(count, width, width), from, width, weight, width, 0, sums, width);
    }

    /** {@code hidden = norm(sums + bias + hidden)}. */
    void addAndNormalize(float[] bias, BertWeights.Norm norm) {
      float[] values = scratch.values;
      float[] residuals = scratch.residuals;
      for (int row = 0; row < count; row += GROUP) {
        int some = Math.min(GROUP, count - row);
        long at = bytes((long) row * width);
        scratch.place.at(sums + at).get(values, 0, some * width);
        scratch.place.at(hidden + at).get(residuals, 0, some * width);
        for (int i = 0; i < some; i++) {
          System.arraycopy(values, i * width, scratch.row, 0, width);
          System.arraycopy(residuals, i * width, scratch.other, 0, width);
          TokenOps.add(scratch.row, scratch.other);
          TokenOps.add(scratch.row, bias);
          TokenOps.standardize(scratch.row, 0, width, eps);
          TokenOps.applyAffine(scratch.row, norm);
          System.arraycopy(scratch.row, 0, values, i * width, width);
        }
        scratch.place.at(hidden + at).put(values, 0, some * width);
      }
    }

    /** {@code sums = gelu(hidden W1 + b1) W2}, some columns of the part in between at a time. */
    void feedForward(BertWeights.Layer layer, float[] innerBias) {
      long into = Place.addressOf(layer.intermediate().weight());
      long out = Place.addressOf(layer.output().weight());
      long between = Place.addressOf(scratch.between);
      for (int column = 0; column < innerWidth; column += COLUMNS) {
        int columns = Math.min(COLUMNS, innerWidth - column);
        long left = into + bytes(column);
        long right = out + bytes((long) column * width);
        scratch.gemm.multiply(
            new Gemm.Size(count, columns, width),
            hidden,
            width,
            left,
            innerWidth,
            0,
            between,
            columns);
        activate(between, columns, innerBias, column);
        float beta = column == 0 ? 0 : 1;
        scratch.gemm.multiply(
            new Gemm.Size(count, width, columns),
            between,
            columns,
            right,
            width,
            beta,
            sums,
            width);
      }
    }

    private void activate(long between, int columns, float[] bias, int column) {
      float[] values = new float[GROUP * columns];
      float[] biases = new float[GROUP * columns];
      TokenOps.repeat(Arrays.copyOfRange(bias, column, column + columns), biases);
      for (int row = 0; row < count; row += GROUP) {
        int some = Math.min(GROUP, count - row) * columns;
        scratch.place.at(between + bytes((long) row * columns)).get(values, 0, some);
        TokenOps.add(values, biases);
        TokenOps.gelu(values);
        scratch.place.put(values, 0, some);
      }
    }
  }

  @Override
  public void close() {
    scratches.forEach(Scratch::close);
    if (projected != null) {
      projected.close();
      inner.close();
    }
  }
}
