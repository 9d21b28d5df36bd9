package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The forward pass of the first layers of a language model of the Llama family (Touvron et al.,
 * arXiv 2302.13971; Qwen2, arXiv 2407.10671): word embeddings, then layers of causal self-attention
 * with rotary positions and a gated feed-forward part, each with an RMSNorm before it and added to
 * what went in. What is left out is the norm behind the last layer, and the head.
 *
 * @param config its sizes
 * @param weights its weights, of these sizes; the model owns them
 */
record CausalLmModel(CausalLmConfig config, CausalLmWeights weights) implements AutoCloseable {

  /**
   * Opens a pass over the layers.
   *
   * @param windows windows per batch
   * @param length tokens per window
   */
  WindowEncoding.Pass pass(int windows, int length) {
    return new Pass(windows, length, BlasThreads.available());
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

  @Override
  public void close() {
    weights.close();
  }

  private final class Pass implements WindowEncoding.Pass {

    private final int length;
    private final INDArray hidden;
    private final INDArray normalized;
    private final INDArray queryKeyValue;
    private final INDArray context;
    private final RotaryPositions positions;
    private final Attention attention;
    private final PackedProducts products;
    private final GatedFeedForward feedForward;

    Pass(int windows, int length, boolean blas) {
      this.length = length;
      AttentionShape shape = config.attention();
      int rows = Math.multiplyExact(windows, length);
      hidden = HostFloats.uninitialized(rows, config.hiddenSize());
      normalized = HostFloats.uninitialized(rows, config.hiddenSize());
      queryKeyValue = HostFloats.uninitialized(rows, shape.inputWidth());
      context = HostFloats.uninitialized(rows, shape.width());
      positions = new RotaryPositions(config.rotary(), length, shape);
      attention = new Attention(windows, length, shape, blas);
      products = new PackedProducts(blas);
      feedForward = new GatedFeedForward(rows, config.intermediateSize(), products);
    }

    @Override
    public INDArray run(List<Window> batch) {
      embed(batch);
      attention.prepare(batch);
      for (CausalLmWeights.Layer layer : weights.layers()) {
        WindowEncoding.checkInterrupt();
        apply(layer);
      }
      return hidden;
    }

    private void embed(List<Window> batch) {
      int width = config.hiddenSize();
      RowBlocks.forEach(
          (int) hidden.size(0),
          (first, count) -> {
            float[] rows = new float[count * width];
            for (int i = 0; i < count; i++) {
              int row = first + i;
              int id = batch.get(row / length).ids().get(row % length);
              weights.embedding().row(id, rows, i * width);
            }
            TokenOps.write(hidden, first, rows);
          });
    }

    private void apply(CausalLmWeights.Layer layer) {
      layer.attentionNorm().apply(hidden, normalized);
      products.multiply(normalized, layer.queryKeyValue(), queryKeyValue);
      positions.apply(queryKeyValue, layer.queryNorm(), layer.keyNorm());
      attention.apply(queryKeyValue, context);
      products.add(context, layer.output(), hidden);
      layer.feedForwardNorm().apply(hidden, normalized);
      feedForward.add(normalized, layer, hidden);
    }

    @Override
    public void close() {
      attention.close();
      feedForward.close();
      products.close();
      List.of(hidden, normalized, queryKeyValue, context).forEach(INDArray::close);
    }
  }
}
