package io.github.dnd4j.decoder;

import org.bytedeco.javacpp.FloatPointer;

/** A pointer to numbers that others own; it can be moved to any address. */
final class Place extends FloatPointer {

  Place(long address) {
    this.address = address;
  }

  /** This, moved. */
  Place at(long place) {
    address = place;
    return this;
  }
}
