package io.github.dnd4j.decoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A tensor in contiguous 'c' order, as native convolutions want it: another one as it is, if it
 * already is so, or else a copy that is closed with this.
 */
record Packed(INDArray array, boolean copied) implements AutoCloseable {

  /** A tensor as it is, or packed. */
  static Packed of(INDArray array) {
    boolean packed = !array.isView() && array.ordering() == 'c';
    return packed ? new Packed(array, false) : new Packed(array.dup('c'), true);
  }

  /** A tensor with its axes in another order; the caller closes it. */
  static INDArray permuted(INDArray array, int... axes) {
    return array.permute(axes).dup('c');
  }

  @Override
  public void close() {
    if (copied) {
      array.close();
    }
  }
}
