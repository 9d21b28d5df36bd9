package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Place;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Feature maps in native memory, their axes in any order.
 *
 * @param address of the first number
 * @param columnsTogether whether columns lie one beside the other, or else channels do
 * @param itemStride from an item to the next, in numbers
 * @param channelStride from a channel to the next
 * @param rowStride from a row to the next
 * @param columnStride from a column to the next
 */
record MapsMemory(
    long address,
    boolean columnsTogether,
    long itemStride,
    long channelStride,
    long rowStride,
    long columnStride) {

  /** Of a tensor {@code [B, C, H, W]} that this accepts, and that must stay open. */
  static MapsMemory of(INDArray maps) {
    // The stride of a single channel means nothing, but BLAS wants rows not to overlap.
    long channelStride = maps.size(1) == 1 ? maps.size(3) : maps.stride(1);
    return new MapsMemory(
        Place.addressOf(maps),
        columnsTogether(maps),
        maps.stride(0),
        channelStride,
        maps.stride(2),
        maps.stride(3));
  }

  /** Whether maps lie in memory as this needs them. */
  static boolean accepts(INDArray maps) {
    return columnsTogether(maps) || (maps.stride(1) == 1 && maps.stride(3) >= maps.size(1));
  }

  private static boolean columnsTogether(INDArray maps) {
    boolean oneChannel = maps.size(1) == 1;
    return maps.size(3) == 1
        || (maps.stride(3) == 1 && (oneChannel || maps.stride(1) >= maps.size(3)));
  }

  /** The maps without the first items. */
  MapsMemory from(int item) {
    return new MapsMemory(
        at(item, 0, 0, 0), columnsTogether, itemStride, channelStride, rowStride, columnStride);
  }

  long at(long item, long channel, long row, long column) {
    return address
        + Float.BYTES
            * (item * itemStride
                + channel * channelStride
                + row * rowStride
                + column * columnStride);
  }
}
