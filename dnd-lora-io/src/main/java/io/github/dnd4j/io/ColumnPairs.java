package io.github.dnd4j.io;

import java.util.ArrayList;
import java.util.List;

/**
 * Some neighbouring columns of a matrix A, those in even and those in odd places apart, as {@link
 * Bfloat16Change} takes two weights from one int. After an odd number of columns the last odd place
 * has zeros.
 */
final class ColumnPairs {

  private final int first;
  private final int columns;
  private final float[][] even;
  private final float[][] odd;

  private ColumnPairs(int first, int columns, float[][] even, float[][] odd) {
    this.first = first;
    this.columns = columns;
    this.even = even;
    this.odd = odd;
  }

  /** All columns of a matrix {@code [rank][in]}, in parts that a {@link PairBlock} has room for. */
  static List<ColumnPairs> of(float[][] a) {
    int in = a[0].length;
    List<ColumnPairs> parts = new ArrayList<>();
    for (int first = 0; first < in; first += 2 * PairBlock.PAIRS) {
      parts.add(part(a, first, Math.min(2 * PairBlock.PAIRS, in - first)));
    }
    return List.copyOf(parts);
  }

  private static ColumnPairs part(float[][] a, int first, int columns) {
    int pairs = (columns + 1) / 2;
    float[][] even = new float[a.length][pairs];
    float[][] odd = new float[a.length][pairs];
    for (int k = 0; k < a.length; k++) {
      for (int i = 0; i < columns; i++) {
        (i % 2 == 0 ? even : odd)[k][i / 2] = a[k][first + i];
      }
    }
    return new ColumnPairs(first, columns, even, odd);
  }

  /** How many pairs there are, the last one perhaps of one column only. */
  int pairs() {
    return (columns + 1) / 2;
  }

  /** The first column's number in the matrix, even. */
  int first() {
    return first;
  }

  /** How many columns there are. */
  int columns() {
    return columns;
  }

  /** The columns in even places, {@code [rank][pairs]}. */
  float[][] even() {
    return even;
  }

  /** The columns in odd places, {@code [rank][pairs]}. */
  float[][] odd() {
    return odd;
  }
}
