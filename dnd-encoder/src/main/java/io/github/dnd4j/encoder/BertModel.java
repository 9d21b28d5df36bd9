package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The forward pass of a BERT encoder (Devlin et al., arXiv 1810.04805): embeddings, then layers of
 * self-attention and a feed-forward part, each with a residual connection and a LayerNorm after it.
 *
 * <p>Dense layers go through ND4J's {@code xw_plus_b}, which oneDNN computes several times faster
 * than the BLAS behind {@link INDArray#mmul}; what lies between them is in {@link TokenOps} and
 * {@link SelfAttention}.
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

  String fingerprint() {
    return weights.fingerprint();
  }

  @Override
  public void close() {
    weights.close();
  }

  /**
   * Encodes one batch of windows after the other, all of the same size, in memory that it allocates
   * once.
   */
  final class Pass implements AutoCloseable {

    private final int windows;
    private final INDArray hidden;
    private final INDArray queryKeyValue;
    private final INDArray context;
    private final INDArray projected;
    private final INDArray intermediate;
    private final SelfAttention attention;

    /**
     * Allocates what a batch needs.
     *
     * @param windows windows per batch
     * @param length tokens per window
     */
    Pass(int windows, int length) {
      this.windows = windows;
      int rows = Math.multiplyExact(windows, length);
      int width = config.hiddenSize();
      hidden = HostFloats.uninitialized(rows, width);
      queryKeyValue = HostFloats.uninitialized(rows, 3L * width);
      context = HostFloats.uninitialized(rows, width);
      projected = HostFloats.uninitialized(rows, width);
      intermediate = HostFloats.uninitialized(rows, config.intermediateSize());
      attention = new SelfAttention(windows, length, config.numAttentionHeads(), config.headSize());
    }

    int windows() {
      return windows;
    }

    /**
     * Encodes a batch.
     *
     * @param batch exactly as many windows as there is room for
     * @return the last hidden states, {@code [windows * length, C]}, padding included; they belong
     *     to this pass, which overwrites them with the next batch
     */
    INDArray run(List<Window> batch) {
      embed(batch);
      attention.prepare(batch);
      weights.layers().forEach(this::apply);
      return hidden;
    }

    private void embed(List<Window> batch) {
      int width = config.hiddenSize();
      int length = batch.get(0).length();
      RowBlocks.forEach(
          batch.size() * length,
          (first, count) -> {
            float[] rows = new float[count * width];
            float[] position = new float[width];
            HostFloats words = HostFloats.of(weights.wordEmbedding());
            HostFloats positions = HostFloats.of(weights.positionEmbedding());
            for (int row = 0; row < count; row++) {
              int token = (first + row) % length;
              int id = batch.get((first + row) / length).ids().get(token);
              words.read((long) id * width, rows, row * width, width);
              positions.read((long) token * width, position, 0, width);
              TokenOps.add(rows, row * width, position);
              TokenOps.normalize(rows, row * width, weights.embeddingNorm(), config.layerNormEps());
            }
            HostFloats.of(hidden).write((long) first * width, rows, 0, rows.length);
          });
    }

    private void apply(BertWeights.Layer layer) {
      dense(hidden, layer.queryKeyValue(), queryKeyValue);
      attention.apply(queryKeyValue, context);
      dense(context, layer.attentionOutput(), projected);
      addAndNormalize(layer.attentionNorm());
      dense(hidden, layer.intermediate(), intermediate);
      TokenOps.gelu(intermediate);
      dense(intermediate, layer.output(), projected);
      addAndNormalize(layer.outputNorm());
    }

    private void addAndNormalize(BertWeights.Norm norm) {
      TokenOps.addAndNormalize(projected, hidden, norm, config.layerNormEps(), hidden);
    }

    private static void dense(INDArray x, BertWeights.Dense dense, INDArray result) {
      Nd4j.exec(
          DynamicCustomOp.builder("xw_plus_b")
              .addInputs(x, dense.weight(), dense.bias())
              .addOutputs(result)
              .build());
    }

    @Override
    public void close() {
      attention.close();
      List.of(hidden, queryKeyValue, context, projected, intermediate).forEach(INDArray::close);
    }
  }
}
