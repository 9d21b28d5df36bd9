package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where a model's weights come from. Names are those of Hugging Face's models, for a BERT for
 * example {@code encoder.layer.0.output.dense.bias}. Whatever a source returns has been checked to
 * be there and to have the shape asked for; the message of the exception names the file and the
 * tensor.
 */
interface WeightSource extends AutoCloseable {

  /**
   * A tensor as it is.
   *
   * @param name its name
   * @param shape the shape it must have
   * @return FLOAT, 'c' order, in no workspace; the caller owns it
   */
  INDArray tensor(String name, long... shape);

  /**
   * The weight of a dense layer, in the orientation that {@code x * weight + bias} takes; PyTorch
   * has it the other way round.
   *
   * @param layer the layer's name, without {@code .weight}
   * @param in its inputs
   * @param out its outputs
   * @return FLOAT {@code [in, out]}, 'c' order, in no workspace; the caller owns it
   */
  default INDArray denseWeight(String layer, long in, long out) {
    try (INDArray stored = tensor(layer + ".weight", out, in)) {
      INDArray weight = HostFloats.uninitialized(in, out);
      weight.assign(stored.transpose());
      return weight;
    }
  }

  /**
   * Reads a tensor of a file.
   *
   * @param file the file
   * @param info one of its tensors
   * @param shape the shape that it must have
   * @return the tensor; the caller owns it
   */
  static INDArray read(TensorFile file, TensorInfo info, long... shape) {
    checkShape(file, info, shape);
    NativeMemory.require(
        Float.BYTES * info.length(), file.path() + ": tensor '" + info.name() + "'");
    INDArray target = HostFloats.uninitialized(shape);
    try {
      file.readInto(info.name(), target);
      return target;
    } catch (RuntimeException e) {
      target.close();
      throw e;
    }
  }

  static void checkShape(TensorFile file, TensorInfo info, long... shape) {
    if (!Arrays.equals(info.dimensions(), shape)) {
      throw WeightErrors.shape(file.path().toString(), info.name(), shape, info.dimensions());
    }
  }

  @Override
  void close();
}
