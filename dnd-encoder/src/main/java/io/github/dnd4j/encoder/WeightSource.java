package io.github.dnd4j.encoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where a model's weights come from. Names are those of Hugging Face's BertModel, for example
 * {@code encoder.layer.0.output.dense.bias}. Whatever a source returns has been checked to be there
 * and to have the shape asked for; the message of the exception names the file and the tensor.
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
   * The weight of a dense layer, in the orientation that {@code x * weight + bias} takes.
   *
   * @param layer the layer's name, without {@code .weight}
   * @param in its inputs
   * @param out its outputs
   * @return FLOAT {@code [in, out]}, 'c' order, in no workspace; the caller owns it
   */
  INDArray denseWeight(String layer, long in, long out);

  @Override
  void close();
}
