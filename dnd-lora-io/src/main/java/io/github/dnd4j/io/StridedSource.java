package io.github.dnd4j.io;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.indexer.ByteIndexer;

/** The elements of a strided view of native memory, in 'c' order. */
final class StridedSource implements ByteSource {

  private final BytePointer memory;
  private final ByteIndexer elements;
  private final boolean contiguous;
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
    this.memory = memory;
    this.elements = ByteIndexer.create(memory);
    this.contiguous = isContiguous(shape, strides);
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
    int count = target.remaining() / width;
    if (count > left) {
      throw new EOFException("the view has no more elements");
    }
    left -= count;
    if (contiguous) {
      target.put(TensorMemory.window(memory, at * width, count * width));
      at += count;
    } else {
      target.order(ByteOrder.nativeOrder());
      for (int i = 0; i < count; i++) {
        copyElement(target);
        advance();
      }
    }
  }

  private void copyElement(ByteBuffer target) {
    long place = at * width;
    switch (width) {
      case 1 -> target.put(elements.get(place));
      case 2 -> target.putShort(elements.getShort(place));
      case 4 -> target.putInt(elements.getInt(place));
      default -> target.putLong(elements.getLong(place));
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
