package io.github.dnd4j.encoder;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Contiguous pieces of a tensor as tensors of any shape. */
final class Views {

  private Views() {}

  /**
   * A view; much cheaper than {@link INDArray#get}.
   *
   * @param array the tensor, contiguous
   * @param offset where the piece begins
   * @param shape its shape
   */
  static INDArray of(INDArray array, long offset, long... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return Nd4j.create(array.data(), shape, strides, offset, 'c');
  }
}
