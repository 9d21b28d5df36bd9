package io.github.dnd4j.internal;

import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A pointer to numbers that others own; it can be moved to any address. */
public final class Place extends FloatPointer {

  /**
   * To an address.
   *
   * @param address where
   */
  public Place(long address) {
    this.address = address;
  }

  /**
   * Where a tensor's first number is, also if it is a view.
   *
   * @param array a tensor in the host's memory, which must stay open
   * @return its address
   */
  public static long addressOf(INDArray array) {
    return array.data().addressPointer().address();
  }

  /**
   * Moves this.
   *
   * @param place where to
   * @return this
   */
  public Place at(long place) {
    address = place;
    return this;
  }
}
