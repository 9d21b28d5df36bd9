package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Direct convolution by ND4J's own operation: oneDNN on the CPU, cuDNN on a GPU.
 *
 * <p>oneDNN copies the weights into a layout of its own before every call. The decoder's last stage
 * has 2.85 GB of them, so output channels are worked through in blocks that bound that copy.
 */
final class DirectConvolution implements Convolution {

  /** Weights per block: 64 Mi numbers, of which oneDNN's copy takes 256 MiB. */
  private static final long BLOCK = 1L << 26;

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias) {
    long out = weight.size(0);
    long blockChannels = blockChannels(weight);
    if (blockChannels >= out) {
      INDArray result = HostFloats.uninitialized(x.size(0), out, x.size(2), x.size(3));
      convolve(x, weight, bias, result);
      return result;
    }
    INDArray result = HostFloats.uninitialized(x.size(0), out, x.size(2), x.size(3));
    for (long from = 0; from < out; from += blockChannels) {
      long to = Math.min(out, from + blockChannels);
      try (INDArray block = HostFloats.uninitialized(x.size(0), to - from, x.size(2), x.size(3))) {
        convolve(
            x, channels(weight, from, to), bias == null ? null : channels(bias, from, to), block);
        result
            .get(
                NDArrayIndex.all(),
                NDArrayIndex.interval(from, to),
                NDArrayIndex.all(),
                NDArrayIndex.all())
            .assign(block);
      }
    }
    return result;
  }

  private static long blockChannels(INDArray weight) {
    long perChannel = weight.length() / weight.size(0);
    // A multiple of 16, the channel block of AVX-512 layouts, so that no block is padded.
    return Math.max(16, BLOCK / perChannel / 16 * 16);
  }

  /** Some of the output channels of a weight or bias: a view, contiguous as they come first. */
  private static INDArray channels(INDArray array, long from, long to) {
    long[] shape = array.shape();
    long perChannel = array.length() / shape[0];
    shape[0] = to - from;
    return array
        .reshape('c', array.length())
        .get(NDArrayIndex.interval(from * perChannel, to * perChannel))
        .reshape('c', shape);
  }

  private static void convolve(INDArray x, INDArray weight, INDArray bias, INDArray result) {
    DynamicCustomOp.DynamicCustomOpsBuilder op =
        DynamicCustomOp.builder("conv2d")
            .addInputs(inputs(x, weight, bias))
            .addOutputs(result)
            .addIntegerArguments(arguments(weight));
    Nd4j.exec(op.build());
  }

  @Override
  public INDArray backward(
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient,
      INDArray biasGradient) {
    INDArray inGradient = HostFloats.uninitialized(x.shape());
    Nd4j.exec(
        DynamicCustomOp.builder("conv2d_bp")
            .addInputs(x, weight, outGradient)
            .addOutputs(inGradient, weightGradient)
            .addIntegerArguments(arguments(weight))
            .build());
    if (biasGradient != null) {
      try (INDArray sum = outGradient.sum(0, 2, 3)) {
        biasGradient.assign(sum);
      }
    }
    return inGradient;
  }

  private static INDArray[] inputs(INDArray x, INDArray weight, INDArray bias) {
    return bias == null ? new INDArray[] {x, weight} : new INDArray[] {x, weight, bias};
  }

  /** Kernel, stride, padding, dilation, explicit padding, NCHW planes, weights [out, in, k, k]. */
  private static int[] arguments(INDArray weight) {
    int k = (int) weight.size(2);
    return new int[] {k, k, 1, 1, k / 2, k / 2, 1, 1, 0, 0, 1};
  }
}
