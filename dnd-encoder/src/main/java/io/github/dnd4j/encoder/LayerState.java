package io.github.dnd4j.encoder;

import java.util.LinkedHashSet;
import java.util.Set;

/** What a layer computes of a batch, and what of it its gradient needs. */
final class LayerState implements AutoCloseable {

  private static final float[] NOTHING = {};

  final RowMatrix queryKeyValue;
  final RowMatrix context;

  /** After the attention's residual connection and LayerNorm. */
  final RowMatrix middle;

  /** Before the GELU. */
  final RowMatrix intermediate;

  /** After the GELU; the same matrix if nothing is kept. */
  final RowMatrix activated;

  /** The layer's output; the same matrix as in the middle if nothing is kept. */
  final RowMatrix output;

  /** What the two LayerNorms keep; null if nothing is kept. */
  final NormState attentionNorm;

  final NormState outputNorm;

  /** The attention's softmax; empty if nothing is kept. */
  float[] probabilities = NOTHING;

  private LayerState(BertConfig config, boolean keep, RowMatrix activated) {
    int width = config.hiddenSize();
    queryKeyValue = new RowMatrix(3 * width);
    context = new RowMatrix(width);
    middle = new RowMatrix(width);
    intermediate = new RowMatrix(config.intermediateSize());
    this.activated = keep ? activated : intermediate;
    output = keep ? new RowMatrix(width) : middle;
    attentionNorm = keep ? new NormState(width) : null;
    outputNorm = keep ? new NormState(width) : null;
  }

  /** For layers of which each may overwrite what the one before it computed. */
  static LayerState overwritten(BertConfig config) {
    return new LayerState(config, false, null);
  }

  /**
   * For a layer whose gradient is wanted.
   *
   * @param config the model
   * @param activated what comes out of the GELU, which the gradient computes again; all layers may
   *     share it
   */
  static LayerState kept(BertConfig config, RowMatrix activated) {
    return new LayerState(config, true, activated);
  }

  /** Makes room for the softmax of a batch. */
  void keepProbabilities(int count) {
    if (probabilities.length < count) {
      probabilities = new float[count + count / 8];
    }
  }

  boolean keeps() {
    return attentionNorm != null;
  }

  /** Closes all but what comes out of the GELU, if that is shared. */
  @Override
  public void close() {
    Set<RowMatrix> matrices = new LinkedHashSet<>();
    matrices.add(queryKeyValue);
    matrices.add(context);
    matrices.add(middle);
    matrices.add(intermediate);
    matrices.add(output);
    matrices.forEach(RowMatrix::close);
    if (keeps()) {
      attentionNorm.close();
      outputNorm.close();
    }
  }
}
