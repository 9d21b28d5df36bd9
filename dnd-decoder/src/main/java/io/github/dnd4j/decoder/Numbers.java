package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Numbers of 16 or 32 bits that lie one after the other in native memory.
 *
 * @param address of the first
 * @param type FLOAT, FLOAT16 or BFLOAT16
 */
record Numbers(long address, DataType type) {

  private static final Set<DataType> TYPES =
      Set.of(DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16);

  /** Whether the numbers of a tensor are such: in 'c' order and without gaps. */
  static boolean accept(INDArray tensor) {
    return TYPES.contains(tensor.dataType()) && HostFloats.isContiguous(tensor);
  }

  /** Of a tensor that this accepts, and that must stay open. */
  static Numbers of(INDArray tensor) {
    Nd4j.getAffinityManager().ensureLocation(tensor, Location.HOST);
    return new Numbers(Place.addressOf(tensor), tensor.dataType());
  }

  /** The address of a number. */
  long at(long index) {
    return address + type.width() * index;
  }
}
