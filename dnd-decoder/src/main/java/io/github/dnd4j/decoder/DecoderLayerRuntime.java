package io.github.dnd4j.decoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.Checks;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Joins a decoder layer's arithmetic to DL4J. The arithmetic runs outside DL4J's workspaces and
 * closes what it does not need any more, so that memory stays bounded by one stage; only the
 * results that DL4J passes on move into its workspaces.
 */
abstract class DecoderLayerRuntime<C extends DecoderLayer> extends BaseLayer<C> {

  private static final long serialVersionUID = 1L;

  DecoderLayerRuntime(NeuralNetConfiguration configuration, DataType dataType) {
    super(configuration, dataType);
  }

  /**
   * Computes the output.
   *
   * @param x {@code [B, N, L, C]}, 'c' order
   * @param training whether what the backward pass needs is kept
   * @return {@code [B, n, l, c]}; the caller closes it
   */
  abstract INDArray forward(INDArray x, boolean training, LayerWorkspaceMgr workspaces);

  /**
   * Fills the gradient views and computes the gradient of the input.
   *
   * @param x the input of the last forward pass
   * @param outGradient the gradient of its output, 'c' order
   * @return the gradient of the input; the caller closes it
   */
  abstract INDArray backward(INDArray x, INDArray outGradient, LayerWorkspaceMgr workspaces);

  /** Checks that the forward pass kept something. */
  final <T> T requireKept(T kept) {
    if (kept == null) {
      throw new DragAndDropException(
          "layer "
              + layerConf().getLayerName()
              + " has nothing to go back from: before every backward pass comes a forward pass in"
              + " training mode");
    }
    return kept;
  }

  /** Frees what the last forward pass kept. */
  abstract void forget();

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    applyDropOutIfNecessary(training, workspaces);
    FeatureShape in = layerConf().inputShape();
    Checks.shape(input, "the input of layer " + layerId(), -1, in.n(), in.l(), in.c());
    INDArray result;
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        Packed x = Packed.of(input)) {
      result = forward(x.array(), training, workspaces);
    }
    return handOver(result, ArrayType.ACTIVATIONS, workspaces);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray inGradient;
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        Packed x = Packed.of(input);
        Packed outGradient = Packed.of(epsilon)) {
      inGradient = backward(x.array(), outGradient.array(), workspaces);
    }
    forget();
    weightNoiseParams.clear();
    Gradient gradients = new DefaultGradient(gradientsFlattened);
    gradientViews.forEach(gradients::setGradientFor);
    INDArray passedOn = handOver(inGradient, ArrayType.ACTIVATION_GRAD, workspaces);
    return new Pair<>(gradients, backpropDropOutIfPresent(passedOn));
  }

  private static INDArray handOver(INDArray result, ArrayType type, LayerWorkspaceMgr workspaces) {
    if (workspaces.isScopedOut(type)) {
      return result;
    }
    INDArray copy = workspaces.dup(type, result, 'c');
    result.close();
    return copy;
  }

  @Override
  public Layer.Type type() {
    return Layer.Type.CONVOLUTIONAL;
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }

  @Override
  public void clear() {
    super.clear();
    forget();
  }
}
