package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The forward pass of a T5 encoder (Raffel et al., arXiv 1910.10683): embeddings, layers of
 * self-attention and a feed-forward part, each with an RMSNorm before and a residual connection
 * around it, and an RMSNorm at the end. Positions enter by what {@link RelativePositions} adds to
 * the scores of every layer.
 */
final class T5Model implements AutoCloseable {

  private final T5Config config;
  private final T5Weights weights;

  /**
   * Makes a model.
   *
   * @param config its sizes
   * @param weights its weights, of these sizes; the model owns them
   */
  T5Model(T5Config config, T5Weights weights) {
    this.config = config;
    this.weights = weights;
  }

  int width() {
    return config.width();
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
    return pass(windows, length, BlasThreads.available());
  }

  /**
   * The same, either way.
   *
   * @param windows windows per batch
   * @param length tokens per window
   * @param blas whether to call a BLAS, which must be there, or ND4J's operations
   */
  WindowEncoding.Pass pass(int windows, int length, boolean blas) {
    return new Pass(windows, length, blas);
  }

  private final class Pass implements WindowEncoding.Pass {

    private final INDArray hidden;
    private final INDArray queryKeyValue;
    private final INDArray context;
    private final INDArray bias;
    private final PreNormMaps maps;
    private final Attention attention;

    Pass(int windows, int length, boolean blas) {
      int rows = Math.multiplyExact(windows, length);
      AttentionShape shape = config.attention();
      long numbers = config.width() + (long) shape.inputWidth() + shape.width();
      NativeMemory.require(
          Float.BYTES * Math.multiplyExact(rows, numbers), "a batch of " + rows + " tokens");
      hidden = HostFloats.uninitialized(rows, config.width());
      queryKeyValue = HostFloats.uninitialized(rows, shape.inputWidth());
      context = HostFloats.uninitialized(rows, shape.width());
      bias = weights.positions().biasByDistance(length);
      maps = new PreNormMaps(rows, config.width(), config.inner(), blas);
      attention = new Attention(windows, length, shape, blas);
    }

    @Override
    public INDArray run(List<Window> batch) {
      embed(batch);
      attention.prepare(batch);
      weights.layers().forEach(this::apply);
      weights.finalNorm().apply(hidden, hidden);
      return hidden;
    }

    private void embed(List<Window> batch) {
      int length = batch.get(0).length();
      int width = config.width();
      RowBlocks.forEach(
          (int) hidden.size(0),
          (first, count) -> {
            float[] rows = new float[count * width];
            HostFloats words = HostFloats.of(weights.embedding());
            for (int row = 0; row < count; row++) {
              int at = first + row;
              long id = batch.get(at / length).ids().get(at % length);
              words.read(id * width, rows, row * width, width);
            }
            TokenOps.write(hidden, first, rows);
          });
    }

    private void apply(T5Weights.Layer layer) {
      maps.project(hidden, layer.attentionNorm(), layer.queryKeyValue(), queryKeyValue);
      attention.apply(queryKeyValue, bias, context);
      maps.addProduct(context, layer.attentionOutput(), hidden);
      maps.feedForward(hidden, layer.feedForwardNorm(), layer.inner(), layer.output());
    }

    @Override
    public void close() {
      attention.close();
      maps.close();
      List.of(hidden, queryKeyValue, context, bias).forEach(INDArray::close);
    }
  }
}
