package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Direct convolution by ND4J's own operation: oneDNN on the CPU, cuDNN on a GPU.
 *
 * <p>oneDNN copies the weights into a layout of its own before every call. The decoder's last stage
 * has 2.85 GB of them, so output channels are worked through in blocks that bound that copy, in the
 * backward pass that of the gradients too. Weights of 16 bits become float32 for the time of a
 * block, which takes as much memory again.
 */
final class DirectConvolution implements Convolution {

  /** Weights per block: 64 Mi numbers, of which oneDNN's copy takes 256 MiB. */
  private static final long BLOCK = 1L << 26;

  private final long block;

  DirectConvolution() {
    this(BLOCK);
  }

  /**
   * With blocks of another size.
   *
   * @param block weights per block; a block has 16 channels at least
   */
  DirectConvolution(long block) {
    this.block = block;
  }

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias) {
    try (Packed maps = usable(x)) {
      return convolveInBlocks(maps.array(), weight, bias);
    }
  }

  /**
   * Maps as the native operation can take them. oneDNN copies all maps into a layout of its own,
   * whatever their strides are, so permuted maps cost nothing extra; nor do ND4J's own loops mind.
   * Not all of cuDNN's algorithms take them.
   */
  private static Packed usable(INDArray maps) {
    boolean cpu = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
    return cpu ? new Packed(maps, false) : Packed.of(maps);
  }

  private INDArray convolveInBlocks(INDArray x, INDArray weight, INDArray bias) {
    long out = weight.size(0);
    long step = blockChannels(weight);
    INDArray result = inOrderOf(x, out);
    for (long from = 0; from < out; from += step) {
      long to = Math.min(out, from + step);
      INDArray blockBias = bias == null ? null : leading(bias, from, to);
      try (Packed blockWeight = floats(leading(weight, from, to))) {
        convolve(x, blockWeight.array(), blockBias, planes(result, from, to));
      }
    }
    return result;
  }

  /** Weights as the native operation wants them: those of 16 bits as a copy in float32. */
  private static Packed floats(INDArray weight) {
    if (weight.dataType() == DataType.FLOAT) {
      return new Packed(weight, false);
    }
    NativeMemory.require(Float.BYTES * weight.length(), "a convolution's weights in float32");
    return new Packed(weight.castTo(DataType.FLOAT), true);
  }

  /**
   * Maps of undefined content whose axes lie in memory in the same order as those of x: a caller
   * who permuted x has the result packed, without a copy, by permuting it back.
   */
  static INDArray inOrderOf(INDArray x, long channels) {
    long[] shape = x.shape().clone(); // shape() hands out the array's own
    shape[1] = channels;
    int[] outermostFirst =
        IntStream.range(0, shape.length)
            .boxed()
            .sorted(Comparator.comparingLong((Integer axis) -> x.stride(axis)).reversed())
            .mapToInt(Integer::intValue)
            .toArray();
    long[] packed = new long[shape.length];
    int[] placeOf = new int[shape.length];
    for (int place = 0; place < shape.length; place++) {
      packed[place] = shape[outermostFirst[place]];
      placeOf[outermostFirst[place]] = place;
    }
    return HostFloats.uninitialized(packed).permute(placeOf);
  }

  private long blockChannels(INDArray weight) {
    long perChannel = weight.length() / weight.size(0);
    // A multiple of 16, the channel block of AVX-512 layouts, so that no block is padded.
    return Math.max(16, block / perChannel / 16 * 16);
  }

  /** Some output channels of maps {@code [B, out, H, W]}: a view, or the maps if that is all. */
  private static INDArray planes(INDArray maps, long from, long to) {
    if (to - from == maps.size(1)) {
      return maps;
    }
    return maps.get(
        NDArrayIndex.all(),
        NDArrayIndex.interval(from, to),
        NDArrayIndex.all(),
        NDArrayIndex.all());
  }

  /** Some of the output channels of a weight or bias: a view, contiguous as they come first. */
  private static INDArray leading(INDArray array, long from, long to) {
    long[] shape = array.shape().clone(); // shape() hands out the array's own
    long perChannel = array.length() / shape[0];
    shape[0] = to - from;
    return array
        // an array, as reshape('c', length) would be reshape(rows, columns)
        .reshape('c', new long[] {array.length()})
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
    try (Packed maps = usable(x);
        Packed gradient = usable(outGradient)) {
      sumInto(biasGradient, outGradient);
      return backwardInBlocks(maps.array(), weight, gradient.array(), weightGradient);
    }
  }

  /** The gradient of a bias, if there is one. */
  static void sumInto(INDArray biasGradient, INDArray outGradient) {
    if (biasGradient != null) {
      try (INDArray sum = outGradient.sum(0, 2, 3)) {
        biasGradient.assign(sum);
      }
    }
  }

  private INDArray backwardInBlocks(
      INDArray x, INDArray weight, INDArray outGradient, INDArray weightGradient) {
    long out = weight.size(0);
    long step = blockChannels(weight);
    INDArray sum = null;
    for (long from = 0; from < out; from += step) {
      long to = Math.min(out, from + step);
      // 'c' order: into permuted maps, oneDNN's backward pass takes up to a half longer.
      INDArray share = HostFloats.uninitialized(x.shape());
      convolveBackward(
          x,
          leading(weight, from, to),
          planes(outGradient, from, to),
          leading(weightGradient, from, to),
          share);
      sum = sum == null ? share : added(sum, share);
    }
    return sum;
  }

  /** The first of two arrays with the second, which is closed, added to it. */
  private static INDArray added(INDArray sum, INDArray share) {
    try (share) {
      return sum.addi(share);
    }
  }

  private static void convolveBackward(
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient,
      INDArray inGradient) {
    Nd4j.exec(
        DynamicCustomOp.builder("conv2d_bp")
            .addInputs(x, weight, outGradient)
            .addOutputs(inGradient, weightGradient)
            .addIntegerArguments(arguments(weight))
            .build());
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
