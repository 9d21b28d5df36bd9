package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import java.util.List;

/**
 * What a file says of one of its tensors.
 *
 * @param name its name
 * @param type how its elements are stored
 * @param shape its size along each axis; empty for a scalar
 */
public record TensorInfo(String name, TensorType type, List<Long> shape) {

  /**
   * Checks and copies the values.
   *
   * @param name its name
   * @param type how its elements are stored
   * @param shape its size along each axis, none negative, with a product of bytes below 2^63; of
   *     quantized types the last axis has whole blocks
   * @throws FileFormatException if the shape is impossible
   */
  public TensorInfo {
    Checks.notNull(name, "name");
    Checks.notNull(type, "type");
    shape = List.copyOf(Checks.notNull(shape, "shape"));
    checkSize(name, type, shape);
    checkBlocks(name, type, shape);
  }

  private static void checkBlocks(String name, TensorType type, List<Long> shape) {
    long row = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
    if (row % type.blockLength() != 0) {
      throw new FileFormatException(
          "tensor '"
              + name
              + "' has rows of "
              + row
              + " elements, but "
              + type
              + " stores blocks of "
              + type.blockLength());
    }
  }

  private static void checkSize(String name, TensorType type, List<Long> shape) {
    long bytes = type.width();
    boolean empty = shape.contains(0L);
    try {
      for (long size : shape) {
        if (size < 0) {
          throw new FileFormatException(
              "tensor '" + name + "' has a negative size in its shape " + shape);
        }
        bytes = Math.multiplyExact(bytes, empty ? 1 : size);
      }
    } catch (ArithmeticException e) {
      throw new FileFormatException(
          "tensor '" + name + "' cannot exist: its shape " + shape + " has more than 2^63 bytes",
          e);
    }
  }

  /**
   * How many elements it has.
   *
   * @return the product of its shape; 1 for a scalar
   */
  public long length() {
    return shape.contains(0L) ? 0 : shape.stream().reduce(1L, (a, b) -> a * b);
  }

  /**
   * How many bytes it takes in the file.
   *
   * @return its elements, or its blocks of elements, times their width
   */
  public long bytes() {
    return length() / type.blockLength() * type.width();
  }

  /**
   * The shape as ND4J takes it.
   *
   * @return a new array
   */
  public long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
