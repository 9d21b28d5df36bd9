package io.github.dnd4j.encoder;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HalfPrecision;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.ShortPlace;
import io.github.dnd4j.io.TensorType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A large matrix that is kept as exactly as its file has it: as float32, or, of 16-bit numbers, in
 * half as much native memory. Some rows at a time become float32 when they are used.
 */
final class PackedMatrix implements AutoCloseable {

  /** How numbers are kept. */
  enum Kind {
    FLOAT32(DataType.FLOAT),
    BFLOAT16(DataType.BFLOAT16),
    FLOAT16(DataType.FLOAT16);

    private final DataType type;

    Kind(DataType type) {
      this.type = type;
    }

    /** That which keeps numbers of a file exactly. */
    static Kind of(TensorType type) {
      return switch (type) {
        case BF16 -> BFLOAT16;
        case F16 -> FLOAT16;
        default -> FLOAT32;
      };
    }
  }

  /** Set in halves that are NaN or infinite. */
  private static final int HALF_EXPONENT = 0x7c00;

  /** Numbers that become float32 at a time: few enough to stay in a core's cache. */
  private static final int PIECE = 1 << 14;

  private final int rows;
  private final int columns;
  private final Kind kind;
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
    NativeMemory.require(
        (long) kind.type.width() * rows * columns,
        "a matrix of " + rows + " x " + columns + " numbers");
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      this.memory = Nd4j.createUninitialized(kind.type, new long[] {rows, columns}, 'c');
    }
    Nd4j.getAffinityManager().ensureLocation(memory, Location.HOST);
    this.address = Place.addressOf(memory);
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /**
   * Some rows, to be filled.
   *
   * @param first the first of them
   * @param count how many
   * @return a view {@code [count, columns]} of this kind's type
   */
  INDArray view(int first, int count) {
    return Views.of(memory, (long) first * columns, count, columns);
  }

  /**
   * Checks rows of float16, which overflow where the numbers of other kinds do not.
   *
   * @param first the first of them
   * @param count how many
   * @param where what they are, for messages
   */
  void checkFinite(int first, int count, String where) {
    if (kind != Kind.FLOAT16) {
      return;
    }
    ShortPlace place = new ShortPlace(0);
    short[] row = new short[columns];
    for (int i = first; i < first + count; i++) {
      place.at(address(i)).get(row);
      for (short bits : row) {
        if ((bits & HALF_EXPONENT) == HALF_EXPONENT) {
          throw new FileFormatException(where + " holds a weight that is NaN or infinite");
        }
      }
    }
  }

  private long address(int row) {
    return address + (long) kind.type.width() * row * columns;
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
    Place to = new Place(0);
    forEachPiece(
        first,
        count,
        (from, numbers, some) -> to.at(scratch + Float.BYTES * from).put(numbers, 0, some));
    return scratch;
  }

  /** Takes some numbers of a matrix. */
  interface Piece {
    /**
     * Takes them.
     *
     * @param from the index of the first, counted from the first of all that are taken
     * @param numbers begins with them; the next ones come in the same array
     * @param count how many
     */
    void take(long from, float[] numbers, int count);
  }

  /**
   * Hands out rows as float32, one piece after the other.
   *
   * @param first the first of them
   * @param count how many
   * @param piece takes them
   */
  void forEachPiece(int first, int count, Piece piece) {
    long all = (long) count * columns;
    Place floats = new Place(0);
    ShortPlace shorts = new ShortPlace(0);
    float[] numbers = new float[(int) Math.min(PIECE, all)];
    short[] bits = new short[kind == Kind.FLOAT32 ? 0 : numbers.length];
    for (long from = 0; from < all; from += PIECE) {
      int some = (int) Math.min(PIECE, all - from);
      long place = address(first) + kind.type.width() * from;
      if (kind == Kind.FLOAT32) {
        floats.at(place).get(numbers, 0, some);
      } else {
        shorts.at(place).get(bits, 0, some);
        toFloats(bits, numbers, some);
      }
      piece.take(from, numbers, some);
    }
  }

  private void toFloats(short[] bits, float[] numbers, int count) {
    if (kind == Kind.BFLOAT16) {
      HalfPrecision.bfloat16sToFloats(bits, numbers, count);
    } else {
      HalfPrecision.halvesToFloats(bits, numbers, count);
    }
  }

  /**
   * All of it as float32.
   *
   * @return FLOAT {@code [rows, columns]}; the caller owns it
   */
  INDArray toFloats() {
    INDArray all = HostFloats.uninitialized(rows, columns);
    HostFloats cells = HostFloats.of(all);
    forEachPiece(0, rows, (from, numbers, some) -> cells.write(from, numbers, 0, some));
    return all;
  }

  /** Copies a row. */
  void row(int row, float[] target, int to) {
    forEachPiece(
        row,
        1,
        (from, numbers, some) -> System.arraycopy(numbers, 0, target, to + (int) from, some));
  }

  @Override
  public void close() {
    memory.close();
  }
}
