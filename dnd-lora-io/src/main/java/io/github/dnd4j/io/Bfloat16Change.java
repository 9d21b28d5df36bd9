package io.github.dnd4j.io;

import io.github.dnd4j.internal.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/**
 * Adds a {@link WeightChange} to weights of type BF16, with the same result to the last bit. Sums
 * are taken in float32 with a bound of their error, in a {@link PairBlock}; the few that this
 * leaves in doubt are computed in double precision. For use by one thread.
 */
final class Bfloat16Change {

  private static final int LOWER = 0xffff;

  private final WeightChange change;
  private final PairBlock block;
  private final ByteBuffer bytes;

  /** The same as ints, which hold two weights each. */
  private final IntBuffer pairs;

  /** The same from the second weight on, for rows that begin in the middle of an int. */
  private final IntBuffer shiftedPairs;

  /**
   * A change of rows of a weight.
   *
   * @param change what is added
   * @param bytes the rows as they are stored; replaced by the result
   * @param block memory to work with
   */
  Bfloat16Change(WeightChange change, ByteBuffer bytes, PairBlock block) {
    this.change = change;
    this.block = block;
    this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    this.pairs = this.bytes.asIntBuffer();
    this.shiftedPairs =
        this.bytes
            .slice(Short.BYTES, bytes.remaining() - Short.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .asIntBuffer();
  }

  /**
   * Adds the change.
   *
   * @param first the first row's number in the weight
   * @param rows how many there are
   */
  void add(int first, int rows) {
    for (ColumnPairs columns : change.pairs()) {
      int atOnce = PairBlock.PAIRS / columns.pairs();
      for (int row = 0; row < rows; row += atOnce) {
        add(columns, first, row, Math.min(atOnce, rows - row));
      }
    }
  }

  private void add(ColumnPairs columns, int first, int from, int rows) {
    int pairsOfRow = columns.pairs();
    boolean together = columns.columns() == change.in() && change.in() % 2 == 0;
    if (together) {
      read(from, columns.first(), rows * columns.columns(), 0);
    }
    float error = 0;
    for (int row = 0; row < rows; row++) {
      int at = row * pairsOfRow;
      if (!together) {
        read(from + row, columns.first(), columns.columns(), at);
      }
      change.compute(first + from + row, columns.even(), block.row, pairsOfRow);
      System.arraycopy(block.row, 0, block.even, at, pairsOfRow);
      change.compute(first + from + row, columns.odd(), block.row, pairsOfRow);
      System.arraycopy(block.row, 0, block.odd, at, pairsOfRow);
      error = Math.max(error, change.error(first + from + row));
    }
    int count = rows * pairsOfRow;
    block.add(count, error);
    for (int at = block.unsure(0, count); at < count; at = block.unsure(at + 1, count)) {
      int row = from + at / pairsOfRow;
      addExactly(at, row, first + row, columns.first() + 2 * (at % pairsOfRow));
    }
    if (together) {
      write(from, columns.first(), rows * columns.columns(), 0);
    } else {
      for (int row = 0; row < rows; row++) {
        write(from + row, columns.first(), columns.columns(), row * pairsOfRow);
      }
    }
  }

  private int place(int row, int column) {
    return row * change.in() + column;
  }

  private short weight(int row, int column) {
    return bytes.getShort(place(row, column) * Short.BYTES);
  }

  /** Takes neighbouring weights into the block; beside a last one that is alone comes a zero. */
  private void read(int row, int column, int count, int at) {
    int place = place(row, column);
    (place % 2 == 0 ? pairs : shiftedPairs).get(place / 2, block.words, at, count / 2);
    if (count % 2 != 0) {
      block.words[at + count / 2] = weight(row, column + count - 1) & LOWER;
    }
  }

  private void write(int row, int column, int count, int at) {
    int place = place(row, column);
    (place % 2 == 0 ? pairs : shiftedPairs).put(place / 2, block.words, at, count / 2);
    if (count % 2 != 0) {
      bytes.putShort((place + count - 1) * Short.BYTES, (short) block.words[at + count / 2]);
    }
  }

  /** Replaces a pair of the block. */
  private void addExactly(int at, int row, int rowOfWeight, int column) {
    int lower = exactly(row, rowOfWeight, column);
    int upper = column + 1 < change.in() ? exactly(row, rowOfWeight, column + 1) : 0;
    block.words[at] = (lower & LOWER) | (upper << Short.SIZE);
  }

  private short exactly(int row, int rowOfWeight, int column) {
    float before = HalfPrecision.bfloat16ToFloat(weight(row, column));
    return HalfPrecision.floatToBfloat16(change.exactly(before, rowOfWeight, column));
  }
}
