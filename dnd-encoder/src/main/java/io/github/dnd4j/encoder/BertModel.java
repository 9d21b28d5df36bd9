package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The forward pass of a BERT encoder (Devlin et al., arXiv 1810.04805): embeddings, then layers of
 * self-attention and a feed-forward part, each with a residual connection and a LayerNorm after it.
 * Its relatives' passes are the same but for positions: see {@link BertFamily}.
 *
 * <p>What lies between the matrix products is in {@link Attention} and {@link TokenLayer}.
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

  private final class Pass implements WindowEncoding.Pass {

    private final INDArray hidden;
    private final INDArray queryKeyValue;
    private final INDArray context;

    /** What MPNet adds to the scores; null for others. */
    private final INDArray bias;

    private final Attention attention;
    private final TokenLayer tokenLayer;

    Pass(int windows, int length) {
      int rows = Math.multiplyExact(windows, length);
      int width = config.hiddenSize();
      hidden = HostFloats.uninitialized(rows, width);
      queryKeyValue = HostFloats.uninitialized(rows, 3L * width);
      context = HostFloats.uninitialized(rows, width);
      RelativePositions positions = weights.relativePositions();
      bias = positions == null ? null : positions.biasByDistance(length);
      attention =
          new Attention(
              windows,
              length,
              AttentionShape.multiHead(config.numAttentionHeads(), config.headSize()));
      tokenLayer = new TokenLayer(rows, config);
    }

    @Override
    public INDArray run(List<Window> batch) {
      embed(batch);
      attention.prepare(batch);
      weights.layers().forEach(this::apply);
      return hidden;
    }

    private void embed(List<Window> batch) {
      weights.embed(hidden, config, TokenBatch.of(batch.stream().map(Window::tokens).toList()));
    }

    private void apply(BertWeights.Layer layer) {
      Products.dense(hidden, layer.queryKeyValue(), queryKeyValue);
      attention.apply(queryKeyValue, bias, context);
      tokenLayer.apply(context, layer, hidden);
    }

    @Override
    public void close() {
      attention.close();
      tokenLayer.close();
      List.of(hidden, queryKeyValue, context).forEach(INDArray::close);
      if (bias != null) {
        bias.close();
      }
    }
  }
}
