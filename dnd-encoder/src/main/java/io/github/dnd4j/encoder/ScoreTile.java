package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.Place;
import java.util.Arrays;

/**
 * The scores of some queries with all keys, a row for each key, in the Java heap between the two
 * products of an attention. Rows lie together in arrays of some keys each, which go through the
 * softmax's loops as a whole: see {@link Softmax}. For one thread.
 */
final class ScoreTile {

  /** Keys of an array: enough for long loops, few enough for the nearest cache. */
  private static final int KEYS = 8;

  private final int stride;
  private final float[][] groups;
  private final float[] largest;
  private final float[] sums;

  /** A row each. */
  private final float[] row;

  private final float[] other;

  private int keys;

  /**
   * Allocates.
   *
   * @param mostKeys how many keys there are at most
   * @param stride numbers of a row, of which the last ones may be nobody's
   */
  ScoreTile(int mostKeys, int stride) {
    this.stride = stride;
    this.groups = new float[(mostKeys + KEYS - 1) / KEYS][KEYS * stride];
    this.largest = new float[KEYS * stride];
    this.sums = new float[KEYS * stride];
    this.row = new float[stride];
    this.other = new float[stride];
  }

  /**
   * Takes scores.
   *
   * @param address of {@code [keys, stride]} in native memory
   * @param keyCount how many keys, at least one
   */
  void read(long address, int keyCount) {
    keys = keyCount;
    Place place = new Place(0);
    for (int group = 0; group < groupCount(); group++) {
      place.at(addressOf(address, group)).get(groups[group], 0, rowsOf(group) * stride);
    }
    hideMissingKeys();
  }

  /** The last array may have room for more keys than there are. */
  private void hideMissingKeys() {
    int last = groupCount() - 1;
    Arrays.fill(groups[last], rowsOf(last) * stride, KEYS * stride, Float.NEGATIVE_INFINITY);
  }

  /** Gives the same weight to all of some keys in all queries. */
  void fill(float weight, int keyCount) {
    keys = keyCount;
    for (int group = 0; group < groupCount(); group++) {
      Arrays.fill(groups[group], weight);
    }
  }

  /** Hides a key from the first queries: its weight will be 0 there. */
  void hide(int key, int queries) {
    int from = key % KEYS * stride;
    Arrays.fill(groups[key / KEYS], from, from + queries, Float.NEGATIVE_INFINITY);
  }

  /**
   * Multiplies a key's scores, and adds a bias.
   *
   * @param key which one
   * @param scale what they are multiplied with
   * @param bias where the queries' biases are
   * @param from that of the first query
   * @param queries how many there are
   */
  void scaleAndAdd(int key, float scale, float[] bias, int from, int queries) {
    float[] group = groups[key / KEYS];
    int at = key % KEYS * stride;
    System.arraycopy(group, at, row, 0, queries);
    System.arraycopy(bias, from, other, 0, queries);
    for (int i = 0; i < queries; i++) {
      row[i] = row[i] * scale + other[i];
    }
    System.arraycopy(row, 0, group, at, queries);
  }

  /**
   * {@code softmax(scale * scores)} of each query over the keys, in place. The first key must not
   * be hidden.
   *
   * @param scale positive
   */
  void softmax(float scale) {
    System.arraycopy(groups[0], 0, largest, 0, largest.length);
    for (int group = 1; group < groupCount(); group++) {
      Softmax.raise(largest, groups[group]);
    }
    System.arraycopy(largest, 0, row, 0, stride);
    for (int i = 1; i < KEYS; i++) {
      System.arraycopy(largest, i * stride, other, 0, stride);
      Softmax.raise(row, other);
    }
    TokenOps.repeat(row, largest);

    Arrays.fill(sums, 0);
    for (int group = 0; group < groupCount(); group++) {
      Softmax.exp(groups[group], largest, scale);
      TokenOps.add(sums, groups[group]);
    }
    System.arraycopy(sums, 0, row, 0, stride);
    for (int i = 1; i < KEYS; i++) {
      System.arraycopy(sums, i * stride, other, 0, stride);
      TokenOps.add(row, other);
    }
    Softmax.invert(row);
    TokenOps.repeat(row, sums);

    for (int group = 0; group < groupCount(); group++) {
      Softmax.multiply(groups[group], sums);
    }
  }

  /**
   * Writes the weights.
   *
   * @param address of {@code [keys, stride]} in native memory
   */
  void write(long address) {
    Place place = new Place(0);
    for (int group = 0; group < groupCount(); group++) {
      place.at(addressOf(address, group)).put(groups[group], 0, rowsOf(group) * stride);
    }
  }

  private int groupCount() {
    return (keys + KEYS - 1) / KEYS;
  }

  private int rowsOf(int group) {
    return Math.min(KEYS, keys - group * KEYS);
  }

  private long addressOf(long address, int group) {
    return address + (long) group * KEYS * stride * Float.BYTES;
  }
}
