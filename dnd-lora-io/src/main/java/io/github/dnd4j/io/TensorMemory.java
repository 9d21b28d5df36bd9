package io.github.dnd4j.io;

import io.github.dnd4j.internal.NativeMemory;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The host memory of an array as bytes, beyond 2 GB too. Views start at their own first element.
 */
final class TensorMemory {

  private TensorMemory() {}

  /** The memory of an array's elements, for reading. It lives as long as the array does. */
  static BytePointer of(INDArray array, long bytes) {
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    return new Borrowed(array.data().addressPointer().address(), bytes);
  }

  /** Tells GPU backends that an array's host memory is now the newer one. */
  static void written(INDArray array) {
    Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
  }

  /**
   * A part of the memory, as a buffer. JavaCPP itself makes empty buffers of what lies beyond 2 GB
   * of a pointer, so each part gets a pointer of its own.
   */
  static ByteBuffer window(BytePointer memory, long from, int count) {
    if (from < 0 || count < 0 || count > memory.capacity() - from) {
      throw new IndexOutOfBoundsException(from + " + " + count + " of " + memory.capacity());
    }
    return new Borrowed(memory.address() + from, count).asByteBuffer();
  }

  /** A new tensor of undefined content in 'c' order and in no workspace. */
  static INDArray allocate(TensorInfo info, String where) {
    return allocate(
        info.length() * info.type().arrayType().width(),
        where,
        () -> {
          try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            return info.length() == 0
                ? Nd4j.create(info.type().arrayType(), info.dimensions())
                : Nd4j.createUninitialized(info.type().arrayType(), info.dimensions(), 'c');
          }
        });
  }

  /** Allocates native memory, or says what it was for. */
  static <T> T allocate(long bytes, String where, Supplier<T> allocation) {
    NativeMemory.require(bytes, where);
    return NativeMemory.guard(where, allocation);
  }

  private static final class Borrowed extends BytePointer {
    Borrowed(long address, long bytes) {
      this.address = address;
      this.limit = bytes;
      this.capacity = bytes;
    }
  }
}
