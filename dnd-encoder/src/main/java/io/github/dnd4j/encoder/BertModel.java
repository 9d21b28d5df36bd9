package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The forward pass of a BERT encoder (Devlin et al., arXiv 1810.04805): embeddings, then layers of
 * self-attention and a feed-forward part, each with a residual connection and a LayerNorm after it.
 * Its relatives' passes are the same but for positions: see {@link BertFamily}.
 *
 * <p>What lies between the matrix products is in {@link Attention} and {@link TokenLayer}.
 *
 * <p>If there are enough windows, each worker takes one of them at a time through all layers:
 * nobody waits for others between the steps of a layer, and a window's states stay in the caches of
 * one core. Otherwise, and without a BLAS, as on a GPU, all share the work of each step.
 */
final class BertModel implements AutoCloseable {

  private final BertConfig config;
  private final BertWeights weights;

  /**
   * Makes a model.
   *
   * @param config its sizes
   * @param weights its weights, of these sizes; the model owns them
   */
  BertModel(BertConfig config, BertWeights weights) {
    this.config = config;
    this.weights = weights;
  }

  BertConfig config() {
    return config;
  }

  BertWeights weights() {
    return weights;
  }

  String fingerprint() {
    return weights.fingerprint();
  }

  @Override
  public void close() {
    weights.close();
  }

  /**
   * Opens a pass over the layers.
   *
   * @param windows windows per batch
   * @param length tokens per window
   */
  WindowEncoding.Pass pass(int windows, int length) {
    return new Pass(windows, length);
  }

  /**
   * How many windows a batch has at least, if there are so many: as many for each worker that the
   * last of them, for which the others wait, take little of the time. On two cores 32 texts of 384
   * tokens take a quarter less time that way than if the cores share each step.
   */
  static int leastWindows() {
    return Math.min(64, 8 * Workers.preferredThreads());
  }

  private final class Pass implements WindowEncoding.Pass {

    private final int length;
    private final Workers workers = new Workers(Workers.preferredThreads());
    private final INDArray hidden;

    /** What MPNet adds to the scores; null for others. */
    private final INDArray bias;

    /** One for each worker, or a single one in which all work. */
    private final List<Lane> lanes = new ArrayList<>();

    Pass(int windows, int length) {
      this.length = length;
      int width = config.hiddenSize();
      hidden = HostFloats.uninitialized(Math.multiplyExact((long) windows, length), width);
      RelativePositions positions = weights.relativePositions();
      bias = positions == null ? null : positions.biasByDistance(length);
      if (BlasThreads.available() && sharedEvenly(windows, workers.threads())) {
        for (int i = 0; i < Math.min(windows, workers.threads()); i++) {
          lanes.add(new Lane(1, length, 1));
        }
      } else {
        lanes.add(new Lane(windows, length, workers.threads()));
      }
    }

    private static boolean sharedEvenly(int windows, int threads) {
      return threads > 1 && (windows % threads == 0 || windows >= 4 * threads);
    }

    @Override
    public INDArray run(List<Window> batch) {
      if (lanes.size() == 1) {
        lanes.get(0).run(batch, bias, hidden);
        return hidden;
      }
      long numbers = (long) length * config.hiddenSize();
      try (BlasThreads single = BlasThreads.single()) {
        workers.run(
            batch.size(),
            (index, worker) -> {
              INDArray states = Views.of(hidden, index * numbers, length, config.hiddenSize());
              lanes.get(worker).run(batch.subList(index, index + 1), bias, states);
            });
      }
      return hidden;
    }

    @Override
    public void close() {
      lanes.forEach(Lane::close);
      hidden.close();
      if (bias != null) {
        bias.close();
      }
    }
  }

  /** Takes windows through all layers, with one thread or with all. */
  private final class Lane implements AutoCloseable {

    /** Rows of biases that are written at a time. */
    private static final int GROUP = 16;

    private final int threads;
    private final INDArray queryKeyValue;
    private final INDArray context;
    private final Attention attention;
    private final TokenLayer tokenLayer;
    private final float[] biases = new float[GROUP * 3 * config.hiddenSize()];

    Lane(int windows, int length, int threads) {
      this.threads = threads;
      int rows = Math.multiplyExact(windows, length);
      int width = config.hiddenSize();
      boolean blas = BlasThreads.available();
      queryKeyValue = HostFloats.uninitialized(rows, 3L * width);
      context = HostFloats.uninitialized(rows, width);
      AttentionShape shape =
          AttentionShape.multiHead(config.numAttentionHeads(), config.headSize());
      attention = new Attention(windows, length, shape, blas, threads);
      tokenLayer = new TokenLayer(rows, config, blas, threads);
    }

    /**
     * Encodes.
     *
     * @param batch as many windows as there is room for
     * @param bias what is added to the scores; or null
     * @param hidden {@code [windows * length, C]}, to be filled
     */
    void run(List<Window> batch, INDArray bias, INDArray hidden) {
      TokenBatch tokens = TokenBatch.of(batch.stream().map(Window::tokens).toList());
      weights.embed(hidden, config, tokens, threads);
      attention.prepare(batch);
      for (BertWeights.Layer layer : weights.layers()) {
        project(hidden, layer.queryKeyValue());
        attention.apply(queryKeyValue, bias, context);
        tokenLayer.apply(context, layer, hidden);
      }
    }

    private void project(INDArray hidden, BertWeights.Dense dense) {
      if (threads > 1 || !BlasThreads.available()) {
        Products.dense(hidden, dense, queryKeyValue);
        return;
      }
      int rows = (int) queryKeyValue.size(0);
      int width = config.hiddenSize();
      spread(dense.bias(), rows);
      new Gemm()
          .multiply(
              new Gemm.Size(rows, 3 * width, width),
              Place.addressOf(hidden),
              width,
              Place.addressOf(dense.weight()),
              3L * width,
              1,
              Place.addressOf(queryKeyValue),
              3L * width);
    }

    /** Writes the bias where the product is added to it: BLAS would write zeros there. */
    private void spread(INDArray bias, int rows) {
      int columns = (int) bias.length();
      TokenOps.repeat(HostFloats.toArray(bias), biases);
      HostFloats to = HostFloats.of(queryKeyValue);
      for (int row = 0; row < rows; row += GROUP) {
        to.write((long) row * columns, biases, 0, Math.min(GROUP, rows - row) * columns);
      }
    }

    @Override
    public void close() {
      attention.close();
      tokenLayer.close();
      List.of(queryKeyValue, context).forEach(INDArray::close);
    }
  }
}
