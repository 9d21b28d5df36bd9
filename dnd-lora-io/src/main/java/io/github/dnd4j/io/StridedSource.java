package io.github.dnd4j.io;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.indexer.ByteIndexer;

/** The elements of a strided view of native memory, in 'c' order. */
final class StridedSource implements ByteSource {

  private final ByteIndexer memory;
  private final int width;
  private final long[] shape;
  private final long[] strides;
  private final long[] index;
  private long at;
  private long left;

  /**
   * Creates a source.
   *
   * @param memory what the view's first element is at the start of
   * @param width bytes of an element
   * @param shape the view's shape
   * @param strides its strides, in elements, none negative
   */
  StridedSource(BytePointer memory, int width, long[] shape, long[] strides) {
    this.memory = ByteIndexer.create(memory.position(0).limit(memory.capacity()));
    this.width = width;
    this.shape = shape.clone();
    this.strides = strides.clone();
    this.index = new long[shape.length];
    this.left = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** Whether a view's elements lie one after the other in 'c' order. */
  static boolean isContiguous(long[] shape, long[] strides) {
    long expected = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      if (shape[i] != 1 && strides[i] != expected) {
        return false;
      }
      expected *= shape[i];
    }
    return true;
  }

  @Override
  public void read(ByteBuffer target) throws EOFException {
    target.order(ByteOrder.nativeOrder());
    while (target.hasRemaining()) {
      if (left-- == 0) {
        throw new EOFException("the view has no more elements");
      }
      copyElement(target);
      advance();
    }
  }

  private void copyElement(ByteBuffer target) {
    long place = at * width;
    switch (width) {
      case 1 -> target.put(memory.get(place));
      case 2 -> target.putShort(memory.getShort(place));
      case 4 -> target.putInt(memory.getInt(place));
      default -> target.putLong(memory.getLong(place));
    }
  }

  private void advance() {
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) {
        return;
      }
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}
