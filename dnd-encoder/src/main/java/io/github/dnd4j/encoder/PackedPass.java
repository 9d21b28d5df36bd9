package io.github.dnd4j.encoder;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The forward pass of a BERT over texts without padding, which gives tokens the same hidden states
 * as with it. Owns the memory that it works in and keeps it from batch to batch.
 */
final class PackedPass implements AutoCloseable {

  private final BertConfig config;
  private final RowMatrix embedded;
  private final RowMatrix projected;
  private final RowMatrix activated;
  private final List<LayerState> states = new ArrayList<>();
  private final PackedAttention attention;

  /**
   * Makes a pass.
   *
   * @param config the model
   * @param keptFrom the first layer whose state is kept for its gradient; the number of layers if
   *     none is
   */
  PackedPass(BertConfig config, int keptFrom) {
    this.config = config;
    embedded = new RowMatrix(config.hiddenSize());
    projected = new RowMatrix(config.hiddenSize());
    activated = new RowMatrix(config.intermediateSize());
    attention = new PackedAttention(config.numAttentionHeads(), config.headSize());
    LayerState overwritten = LayerState.overwritten(config);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      states.add(i < keptFrom ? overwritten : LayerState.kept(config, activated));
    }
  }

  BertConfig config() {
    return config;
  }

  PackedAttention attention() {
    return attention;
  }

  LayerState state(int layer) {
    return states.get(layer);
  }

  /** The input of a layer, as {@link #run} left it. */
  RowMatrix inputOf(int layer) {
    return layer == 0 ? embedded : states.get(layer - 1).output;
  }

  /**
   * Encodes a batch.
   *
   * @param batch the texts
   * @param weights the weights
   * @return the last hidden states, {@code [rows, C]}; they belong to this pass, which overwrites
   *     them with the next batch
   */
  INDArray run(TokenBatch batch, BertWeights weights) {
    weights.embed(embedded.rows(batch.rows()), config, batch);
    for (int i = 0; i < states.size(); i++) {
      apply(batch, weights, i);
    }
    return inputOf(states.size()).rows(batch.rows());
  }

  private void apply(TokenBatch batch, BertWeights weights, int index) {
    BertWeights.Layer layer = weights.layers().get(index);
    LayerState state = states.get(index);
    int rows = batch.rows();
    INDArray x = inputOf(index).rows(rows);
    INDArray queryKeyValue = state.queryKeyValue.rows(rows);
    INDArray context = state.context.rows(rows);
    INDArray middle = state.middle.rows(rows);
    INDArray intermediate = state.intermediate.rows(rows);
    INDArray activation = state.activated.rows(rows);
    INDArray sum = projected.rows(rows);
    if (state.keeps()) {
      state.keepProbabilities(attention.probabilities(batch));
    }
    Products.dense(x, layer.queryKeyValue(), queryKeyValue);
    attention.apply(
        batch, queryKeyValue, weights.relativePositions(), state.probabilities, context);
    Products.dense(context, layer.attentionOutput(), sum);
    addAndNormalize(sum, x, layer.attentionNorm(), state.attentionNorm, middle);
    Products.dense(middle, layer.intermediate(), intermediate);
    TokenOps.gelu(intermediate, activation);
    Products.dense(activation, layer.output(), sum);
    addAndNormalize(sum, middle, layer.outputNorm(), state.outputNorm, state.output.rows(rows));
  }

  private void addAndNormalize(
      INDArray x, INDArray residual, BertWeights.Norm norm, NormState state, INDArray target) {
    if (state == null) {
      TokenOps.addAndNormalize(x, residual, norm, config.layerNormEps(), target);
    } else {
      TokenGradients.addAndNormalize(x, residual, norm, config.layerNormEps(), state, target);
    }
  }

  @Override
  public void close() {
    embedded.close();
    projected.close();
    activated.close();
    states.forEach(LayerState::close);
  }
}
