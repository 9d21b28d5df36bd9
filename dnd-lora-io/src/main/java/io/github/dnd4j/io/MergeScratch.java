package io.github.dnd4j.io;

import java.nio.ByteBuffer;

/** Memory of one thread that works on one block after the other. */
final class MergeScratch {

  private ByteBuffer bytes = ByteBuffer.allocateDirect(0);
  private float[] floats = new float[0];
  private short[] shorts = new short[0];
  private int[] integers = new int[0];
  private double[] doubles = new double[0];
  private PairBlock pairs;

  /** An empty buffer of that limit. */
  ByteBuffer bytes(int count) {
    if (bytes.capacity() < count) {
      bytes = ByteBuffer.allocateDirect(count);
    }
    return bytes.clear().limit(count);
  }

  /** At least that many. */
  int[] integers(int count) {
    if (integers.length < count) {
      integers = new int[count];
    }
    return integers;
  }

  /** Exactly that many. */
  float[] floats(int count) {
    if (floats.length != count) {
      floats = new float[count];
    }
    return floats;
  }

  /** At least that many. */
  short[] shorts(int count) {
    if (shorts.length < count) {
      shorts = new short[count];
    }
    return shorts;
  }

  /** Exactly that many. */
  double[] doubles(int count) {
    if (doubles.length != count) {
      doubles = new double[count];
    }
    return doubles;
  }

  /** What {@link Bfloat16Change} works with. */
  PairBlock pairs() {
    if (pairs == null) {
      pairs = new PairBlock();
    }
    return pairs;
  }
}
