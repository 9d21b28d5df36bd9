package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.HyperConvStage.Forward;
import io.github.dnd4j.decoder.HyperConvStage.Kept;
import io.github.dnd4j.decoder.HyperConvStage.Parameters;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs a {@link HyperConvLayer}. */
final class HyperConvRuntime extends DecoderLayerRuntime<HyperConvLayer> {

  private static final long serialVersionUID = 1L;

  private transient Kept kept;

  HyperConvRuntime(NeuralNetConfiguration configuration, DataType dataType) {
    super(configuration, dataType);
  }

  @Override
  INDArray forward(INDArray x, boolean training, LayerWorkspaceMgr workspaces) {
    HyperConvStage stage = new HyperConvStage(layerConf().convolution());
    Parameters parameters = Parameters.of(name -> getParamWithNoise(name, training, workspaces));
    if (!training) {
      return stage.infer(x, parameters);
    }
    forget();
    Forward forward = stage.forward(x, parameters);
    kept = forward.kept();
    return forward.output();
  }

  @Override
  INDArray backward(INDArray x, INDArray outGradient, LayerWorkspaceMgr workspaces) {
    return new HyperConvStage(layerConf().convolution())
        .backward(
            x,
            requireKept(kept),
            outGradient,
            Parameters.of(name -> getParamWithNoise(name, true, workspaces)),
            Parameters.of(gradientViews::get));
  }

  @Override
  void forget() {
    if (kept != null) {
      kept.close();
      kept = null;
    }
  }
}
