package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Runs a {@link LengthSqueezeLayer}. In the permute variant the linear maps mix along the second
 * last axis, which is a convolution of kernel 1 whose channels are the tokens; in the reshape
 * variant they mix along the last axis of the reinterpreted memory, which is a plain matrix
 * product.
 */
final class LengthSqueezeRuntime extends DecoderLayerRuntime<LengthSqueezeLayer> {

  private static final long serialVersionUID = 1L;

  /** The output of the first map: {@code [B * N, L', 1, C]} or {@code [B * N * C, L']}. */
  private transient INDArray kept;

  LengthSqueezeRuntime(NeuralNetConfiguration configuration, DataType dataType) {
    super(configuration, dataType);
  }

  @Override
  INDArray forward(INDArray x, boolean training, LayerWorkspaceMgr workspaces) {
    Maps maps = maps(training, workspaces);
    boolean permute = layerConf().variant() == Variant.PERMUTE;
    INDArray down = permute ? maps.mixTokens(x) : maps.mixMemory(x);
    INDArray output;
    if (permute) {
      try (INDArray activated = silu(down)) {
        output = maps.gateTokens(activated);
      }
    } else {
      output = maps.gateMemory(down);
    }
    if (training) {
      forget();
      kept = down;
    } else {
      down.close();
    }
    FeatureShape out = layerConf().outputShape();
    return Packed.moved(output, x.size(0), out.n(), out.l(), out.c());
  }

  @Override
  INDArray backward(INDArray x, INDArray outGradient, LayerWorkspaceMgr workspaces) {
    requireKept(kept);
    Maps maps = maps(true, workspaces);
    INDArray gradient =
        layerConf().variant() == Variant.PERMUTE
            ? maps.backwardTokens(x, outGradient)
            : maps.backwardMemory(x, outGradient);
    return Packed.moved(gradient, x.shape());
  }

  @Override
  void forget() {
    if (kept != null) {
      kept.close();
      kept = null;
    }
  }

  private Maps maps(boolean training, LayerWorkspaceMgr workspaces) {
    return new Maps(
        getParamWithNoise(LengthSqueezeLayer.DOWN_WEIGHT, training, workspaces),
        getParamWithNoise(LengthSqueezeLayer.DOWN_BIAS, training, workspaces),
        getParamWithNoise(LengthSqueezeLayer.GATE_WEIGHT, training, workspaces),
        getParamWithNoise(LengthSqueezeLayer.GATE_BIAS, training, workspaces));
  }

  /** x * sigmoid(x). */
  private static INDArray silu(INDArray x) {
    return Transforms.sigmoid(x, true).muli(x);
  }

  /** The two linear maps. */
  private final class Maps {

    private final INDArray down;
    private final INDArray downBias;
    private final INDArray gate;
    private final INDArray gateBias;

    Maps(INDArray down, INDArray downBias, INDArray gate, INDArray gateBias) {
      this.down = down;
      this.downBias = downBias;
      this.gate = gate;
      this.gateBias = gateBias;
    }

    INDArray mixTokens(INDArray x) {
      return layerConf().convolution().forward(asTokens(x), asKernel(down), downBias);
    }

    INDArray gateTokens(INDArray activated) {
      return layerConf().convolution().forward(activated, asKernel(gate), gateBias);
    }

    INDArray backwardTokens(INDArray x, INDArray outGradient) {
      Convolution convolution = layerConf().convolution();
      INDArray downGradient;
      try (INDArray activated = silu(kept)) {
        downGradient =
            convolution.backward(
                activated,
                asKernel(gate),
                asTokens(outGradient),
                asKernel(gradientViews.get(LengthSqueezeLayer.GATE_WEIGHT)),
                gradientViews.get(LengthSqueezeLayer.GATE_BIAS));
      }
      try (downGradient;
          INDArray slope = siluSlope(kept)) {
        downGradient.muli(slope);
        return convolution.backward(
            asTokens(x),
            asKernel(down),
            downGradient,
            asKernel(gradientViews.get(LengthSqueezeLayer.DOWN_WEIGHT)),
            gradientViews.get(LengthSqueezeLayer.DOWN_BIAS));
      }
    }

    /** sigmoid(x) * (1 + x * (1 - sigmoid(x))). */
    private INDArray siluSlope(INDArray x) {
      INDArray sigmoid = Transforms.sigmoid(x, true);
      try (INDArray inner = sigmoid.rsub(1)) {
        inner.muli(x).addi(1);
        return sigmoid.muli(inner);
      }
    }

    /** {@code [B, N, L, C]} as {@code [B * N, L, 1, C]}: the tokens are the channels. */
    private INDArray asTokens(INDArray x) {
      return x.reshape('c', x.size(0) * x.size(1), x.size(2), 1, x.size(3));
    }

    private INDArray asKernel(INDArray matrix) {
      return matrix.reshape('c', matrix.size(0), matrix.size(1), 1, 1);
    }

    INDArray mixMemory(INDArray x) {
      return linear(asMemory(x, down.size(1)), down, downBias);
    }

    INDArray gateMemory(INDArray mixed) {
      return linear(mixed, gate, gateBias);
    }

    INDArray backwardMemory(INDArray x, INDArray outGradient) {
      INDArray rows = asMemory(outGradient, gate.size(0));
      gradients(kept, rows, LengthSqueezeLayer.GATE_WEIGHT, LengthSqueezeLayer.GATE_BIAS);
      try (INDArray downGradient = rows.mmul(gate)) {
        gradients(
            asMemory(x, down.size(1)),
            downGradient,
            LengthSqueezeLayer.DOWN_WEIGHT,
            LengthSqueezeLayer.DOWN_BIAS);
        return Nd4j.matmul(downGradient, down, createRows(downGradient, down));
      }
    }

    private INDArray createRows(INDArray gradient, INDArray weight) {
      return Nd4j.createUninitialized(
          DataType.FLOAT, new long[] {gradient.size(0), weight.size(1)}, 'c');
    }

    /** Fills the gradients of a linear map of these inputs. */
    private void gradients(INDArray inputs, INDArray outGradient, String weight, String bias) {
      try (INDArray product = Nd4j.matmul(outGradient, inputs, true, false, false);
          INDArray sum = outGradient.sum(0)) {
        gradientViews.get(weight).assign(product);
        gradientViews.get(bias).assign(sum);
      }
    }

    private INDArray asMemory(INDArray x, long columns) {
      return x.reshape('c', x.length() / columns, columns);
    }

    /** {@code x W^T + b} in 'c' order. */
    private INDArray linear(INDArray x, INDArray weight, INDArray bias) {
      INDArray product =
          Nd4j.createUninitialized(DataType.FLOAT, new long[] {x.size(0), weight.size(0)}, 'c');
      Nd4j.matmul(x, weight, product, false, true, false);
      return product.addiRowVector(bias.reshape('c', 1, bias.length()));
    }
  }
}
