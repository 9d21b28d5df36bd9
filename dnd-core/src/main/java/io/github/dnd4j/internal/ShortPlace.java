package io.github.dnd4j.internal;

import org.bytedeco.javacpp.ShortPointer;

/** A pointer to numbers of 16 bits that others own; it can be moved to any address. */
public final class ShortPlace extends ShortPointer {

  /**
   * To an address.
   *
   * @param address where
   */
  public ShortPlace(long address) {
    this.address = address;
  }

  /**
   * Moves this.
   *
   * @param place where to
   * @return this
   */
  public ShortPlace at(long place) {
    address = place;
    return this;
  }
}
