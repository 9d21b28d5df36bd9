package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A FLOAT tensor in contiguous 'c' order, as native convolutions want it: another one as it is, if
 * it already is so, or else a copy that is closed with this.
 */
record Packed(INDArray array, boolean copied) implements AutoCloseable {

  /** A tensor as it is, or packed. */
  static Packed of(INDArray array) {
    if (HostFloats.accepts(array)) {
      return new Packed(array, false);
    }
    INDArray copy = array.dup('c');
    if (copy.dataType() == DataType.FLOAT) {
      return new Packed(copy, true);
    }
    try (copy) {
      return new Packed(copy.castTo(DataType.FLOAT), true);
    }
  }

  /**
   * A tensor with its axes in another order, packed in that order: the same memory if it lies so
   * already, or else a copy, and then the tensor is closed. The caller closes the result.
   */
  static INDArray permuted(INDArray array, int... axes) {
    INDArray view = array.permute(axes);
    if (HostFloats.accepts(view)) {
      return view;
    }
    try (array) {
      return view.dup('c');
    }
  }

  /**
   * A tensor in another shape. ND4J closes no views, and a reshaped tensor is one: so the content
   * moves into a tensor of its own, which the caller closes.
   */
  static INDArray moved(INDArray array, long... shape) {
    try (array) {
      return array.reshape('c', shape).dup('c');
    }
  }

  @Override
  public void close() {
    if (copied) {
      array.close();
    }
  }
}
