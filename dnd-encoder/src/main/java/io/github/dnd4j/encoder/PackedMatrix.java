package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.io.TensorType;
import org.bytedeco.javacpp.IntPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A large matrix that is kept as exactly as its file has it: as float32, or, of 16-bit numbers, in
 * half as much native memory. Some rows at a time become float32 when they are used.
 *
 * <p>Two 16-bit numbers of a row share an int, the k-th of the row's first half in the upper bits
 * and the k-th of its second half in the lower ones. So a row is unpacked by loops from one array
 * to another without gaps, for which the compiler uses vector instructions.
 */
final class PackedMatrix implements AutoCloseable {

  /** How numbers are kept. */
  enum Kind {
    FLOAT32,
    BFLOAT16,
    FLOAT16;

    /** That which keeps numbers of a file exactly. */
    static Kind of(TensorType type) {
      return switch (type) {
        case BF16 -> BFLOAT16;
        case F16 -> FLOAT16;
        default -> FLOAT32;
      };
    }
  }

  private static final int UPPER = 0xffff0000;
  private static final int SIGN = 0x80000000;

  /** The exponent and the mantissa of a 16-bit float in the upper bits. */
  private static final int MAGNITUDE = 0x7fff0000;

  /** By how much the exponents of float32 and of 16-bit floats are apart, 127 - 15. */
  private static final float REBIAS = 0x1p112f;

  /** Numbers at a time on their way into the matrix. */
  private static final int PIECE = 1 << 20;

  private final int rows;
  private final int columns;
  private final Kind kind;

  /** Numbers of the first half of a row, one more than of the second if they are odd. */
  private final int half;

  /** FLOAT {@code [rows, columns]} or INT {@code [rows, half]}. */
  private final INDArray memory;

  private final long address;

  /**
   * Allocates a matrix of undefined content.
   *
   * @param rows its rows
   * @param columns its columns
   * @param kind how its numbers are kept
   */
  PackedMatrix(int rows, int columns, Kind kind) {
    this.rows = rows;
    this.columns = columns;
    this.kind = kind;
    this.half = (columns + 1) / 2;
    NativeMemory.require(
        (long) Integer.BYTES * rows * (kind == Kind.FLOAT32 ? columns : half),
        "a matrix of " + rows + " x " + columns + " numbers");
    this.memory = kind == Kind.FLOAT32 ? HostFloats.uninitialized(rows, columns) : ints(rows, half);
    Nd4j.getAffinityManager().ensureLocation(memory, Location.HOST);
    this.address = Place.addressOf(memory);
  }

  private static INDArray ints(int rows, int columns) {
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(DataType.INT32, new long[] {rows, columns}, 'c');
    }
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /**
   * Fills some rows.
   *
   * @param first the first of them
   * @param values FLOAT {@code [count, columns]} of numbers that this matrix's kind can hold
   * @param where what they are, for messages
   */
  void put(int first, INDArray values, String where) {
    int count = (int) values.size(0);
    int perPiece = Math.max(1, PIECE / columns);
    HostFloats from = HostFloats.of(values);
    float[] numbers = new float[perPiece * columns];
    for (int row = 0; row < count; row += perPiece) {
      int some = Math.min(perPiece, count - row);
      from.read((long) row * columns, numbers, 0, some * columns);
      store(first + row, some, numbers, where);
    }
  }

  private void store(int first, int count, float[] numbers, String where) {
    if (kind == Kind.FLOAT32) {
      HostFloats.of(memory).write((long) first * columns, numbers, 0, count * columns);
      return;
    }
    int[] packed = new int[count * half];
    for (int row = 0; row < count; row++) {
      for (int k = 0; k < half; k++) {
        packed[row * half + k] = bits(numbers[row * columns + k], where) << 16;
      }
      for (int k = half; k < columns; k++) {
        packed[row * half + k - half] |= bits(numbers[row * columns + k], where);
      }
    }
    new Ints(address(first)).put(packed);
  }

  /** A number's 16 bits, which hold it exactly. */
  private int bits(float value, String where) {
    if (kind == Kind.BFLOAT16) {
      return Float.floatToRawIntBits(value) >>> 16;
    }
    if (!Float.isFinite(value)) {
      throw new FileFormatException(where + " holds a weight that is NaN or infinite");
    }
    int sign = Float.floatToRawIntBits(value) & SIGN;
    int magnitude = Float.floatToRawIntBits(Math.abs(value) / REBIAS) >>> 13;
    return (sign >>> 16) | magnitude;
  }

  private long address(int row) {
    return address + (long) Integer.BYTES * row * (kind == Kind.FLOAT32 ? columns : half);
  }

  /**
   * Some rows as float32 in native memory, which is that of the scratch if they must be unpacked.
   *
   * @param first the first of them
   * @param count how many
   * @param scratch the address of memory for as many numbers
   * @return the address of their first number; they are contiguous
   */
  long floats(int first, int count, long scratch) {
    if (kind == Kind.FLOAT32) {
      return address(first);
    }
    int perPiece = Math.max(1, (1 << 14) / columns);
    int[] packed = new int[perPiece * half];
    int[] unpacked = new int[perPiece * columns];
    for (int row = 0; row < count; row += perPiece) {
      int some = Math.min(perPiece, count - row);
      new Ints(address(first + row)).get(packed, 0, some * half);
      unpack(packed, some, unpacked);
      long to = scratch + (long) Float.BYTES * row * columns;
      new Ints(to).put(unpacked, 0, some * columns);
      if (kind == Kind.FLOAT16) {
        rebias(to, some * columns);
      }
    }
    return scratch;
  }

  private void unpack(int[] packed, int count, int[] unpacked) {
    for (int row = 0; row < count; row++) {
      if (kind == Kind.BFLOAT16) {
        upper(packed, row * half, unpacked, row * columns, half);
        lower(packed, row * half, unpacked, row * columns + half, columns - half);
      } else {
        upperHalf(packed, row * half, unpacked, row * columns, half);
        lowerHalf(packed, row * half, unpacked, row * columns + half, columns - half);
      }
    }
  }

  private static void upper(int[] packed, int from, int[] unpacked, int to, int count) {
    for (int k = 0; k < count; k++) {
      unpacked[to + k] = packed[from + k] & UPPER;
    }
  }

  private static void lower(int[] packed, int from, int[] unpacked, int to, int count) {
    for (int k = 0; k < count; k++) {
      unpacked[to + k] = packed[from + k] << 16;
    }
  }

  private static void upperHalf(int[] packed, int from, int[] unpacked, int to, int count) {
    for (int k = 0; k < count; k++) {
      int bits = packed[from + k];
      unpacked[to + k] = (bits & SIGN) | ((bits & MAGNITUDE) >>> 3);
    }
  }

  private static void lowerHalf(int[] packed, int from, int[] unpacked, int to, int count) {
    for (int k = 0; k < count; k++) {
      int bits = packed[from + k] << 16;
      unpacked[to + k] = (bits & SIGN) | ((bits & MAGNITUDE) >>> 3);
    }
  }

  /** Exact, also for numbers that are subnormal as 16-bit floats. */
  private static void rebias(long place, int count) {
    Place numbers = new Place(place);
    float[] values = new float[count];
    numbers.get(values);
    for (int i = 0; i < count; i++) {
      values[i] *= REBIAS;
    }
    numbers.put(values);
  }

  /**
   * All of it as float32.
   *
   * @return FLOAT {@code [rows, columns]}; the caller owns it
   */
  INDArray toFloats() {
    INDArray all = HostFloats.uninitialized(rows, columns);
    float[] row = new float[columns];
    for (int i = 0; i < rows; i++) {
      row(i, row, 0);
      HostFloats.of(all).write((long) i * columns, row, 0, columns);
    }
    return all;
  }

  /** Copies a row. */
  void row(int row, float[] target, int from) {
    if (kind == Kind.FLOAT32) {
      new Place(address(row)).get(target, from, columns);
      return;
    }
    int[] packed = new int[half];
    int[] unpacked = new int[columns];
    new Ints(address(row)).get(packed);
    unpack(packed, 1, unpacked);
    float factor = kind == Kind.FLOAT16 ? REBIAS : 1;
    for (int k = 0; k < columns; k++) {
      target[from + k] = Float.intBitsToFloat(unpacked[k]) * factor;
    }
  }

  @Override
  public void close() {
    memory.close();
  }

  /** A pointer to numbers that others own. */
  private static final class Ints extends IntPointer {
    Ints(long address) {
      this.address = address;
    }
  }
}
