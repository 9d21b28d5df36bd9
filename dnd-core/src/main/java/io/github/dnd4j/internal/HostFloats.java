package io.github.dnd4j.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Bulk copies between Java arrays and the host memory of a FLOAT tensor in 'c' order, far faster
 * than element access and without a temporary tensor. Works for views that are contiguous, and on
 * GPU backends, whose device copy is brought up to date. For use by one thread; others make their
 * own of the same tensor.
 */
public final class HostFloats {

  private final INDArray array;
  private final FloatPointer pointer;
  private final long length;

  private HostFloats(INDArray array) {
    if (array.dataType() != DataType.FLOAT) {
      throw new IllegalArgumentException("a FLOAT tensor is needed, not " + array.dataType());
    }
    if (!isContiguous(array)) {
      throw new IllegalArgumentException("a contiguous 'c' order tensor is needed");
    }
    this.array = array;
    this.length = array.length();
    // The whole buffer's address plus the view's offset: the buffer of a view starts at its parent.
    this.pointer = new FloatPointer(array.data().addressPointer());
  }

  /**
   * Access to a tensor's values.
   *
   * @param array a FLOAT tensor, contiguous in 'c' order
   * @return its values
   */
  public static HostFloats of(INDArray array) {
    return new HostFloats(array);
  }

  /**
   * A tensor's values in 'c' order.
   *
   * @param array any tensor of at most 2^31-1 elements; it is not changed
   * @return a copy of its values
   */
  public static float[] toArray(INDArray array) {
    INDArray floats = array.dataType() == DataType.FLOAT ? array : array.castTo(DataType.FLOAT);
    INDArray packed = isContiguous(floats) ? floats : floats.dup('c');
    float[] values = new float[Math.toIntExact(packed.length())];
    of(packed).read(0, values, 0, values.length);
    if (packed != floats) {
      packed.close();
    }
    if (floats != array) {
      floats.close();
    }
    return values;
  }

  /**
   * A new tensor, in no workspace.
   *
   * @param values its values in 'c' order
   * @param shape its shape
   * @return the tensor; the caller owns it
   */
  public static INDArray toTensor(float[] values, long... shape) {
    INDArray tensor = uninitialized(shape);
    of(tensor).write(0, values, 0, values.length);
    return tensor;
  }

  /**
   * A new FLOAT tensor of undefined content, in no workspace, so that it lives until it is closed.
   *
   * @param shape its shape
   * @return the tensor; the caller owns it
   */
  public static INDArray uninitialized(long... shape) {
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(DataType.FLOAT, shape, 'c');
    }
  }

  /**
   * Whether {@link #of} takes a tensor.
   *
   * @param array any tensor
   * @return whether it is FLOAT and contiguous in 'c' order
   */
  public static boolean accepts(INDArray array) {
    return array.dataType() == DataType.FLOAT && isContiguous(array);
  }

  /**
   * Whether a tensor's elements lie one after the other in 'c' order.
   *
   * @param array any tensor, of any type
   * @return whether there are no gaps
   */
  public static boolean isContiguous(INDArray array) {
    long expected = 1;
    for (int i = array.rank() - 1; i >= 0; i--) {
      if (array.size(i) != 1 && array.stride(i) != expected) {
        return false;
      }
      expected *= array.size(i);
    }
    return true;
  }

  /**
   * Copies values out of the tensor.
   *
   * @param from index of the first element in 'c' order
   * @param values where to
   * @param offset first place to fill
   * @param count how many
   */
  public void read(long from, float[] values, int offset, int count) {
    checkRange(from, values, offset, count);
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    pointer.position(from).get(values, offset, count);
  }

  /**
   * Copies values into the tensor.
   *
   * @param from index of the first element in 'c' order
   * @param values the values
   * @param offset the first of them to copy
   * @param count how many
   */
  public void write(long from, float[] values, int offset, int count) {
    checkRange(from, values, offset, count);
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    pointer.position(from).put(values, offset, count);
    Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
  }

  /**
   * A window onto the tensor's memory, for reading.
   *
   * @param from index of the first element in 'c' order
   * @param count how many elements, at most 2^29 - 1
   * @return a direct buffer in native byte order, valid as long as the tensor is open
   */
  public ByteBuffer bytes(long from, int count) {
    Objects.checkFromIndexSize(from, (long) count, length);
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    long bytes = (long) count * Float.BYTES;
    // A pointer of its own: JavaCPP makes empty buffers of what lies beyond 2 GB of a pointer.
    FloatPointer first = new FloatPointer(pointer).position(0).getPointer(from);
    return new BytePointer(first)
        .capacity(bytes)
        .limit(bytes)
        .asByteBuffer()
        .asReadOnlyBuffer()
        .order(ByteOrder.nativeOrder());
  }

  /** JavaCPP checks neither side of a copy. */
  private void checkRange(long from, float[] values, int offset, int count) {
    Objects.checkFromIndexSize(from, count, length);
    Objects.checkFromIndexSize(offset, count, values.length);
  }
}
