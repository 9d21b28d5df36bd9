package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HalfPrecision;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.ShortPlace;
import org.nd4j.linalg.api.buffer.DataType;

/** Copies numbers out of native memory as float32, whatever they are there; for one thread. */
final class NumberReader {

  private final Place floats = new Place(0);
  private final ShortPlace shorts = new ShortPlace(0);
  private short[] bits = {};

  /**
   * Copies some numbers.
   *
   * @param from the numbers
   * @param first the index of the first to copy
   * @param to where to, from its start
   * @param count how many
   */
  void read(Numbers from, long first, float[] to, int count) {
    if (from.type() == DataType.FLOAT) {
      floats.at(from.at(first)).get(to, 0, count);
      return;
    }
    if (bits.length < count) {
      bits = new short[count];
    }
    shorts.at(from.at(first)).get(bits, 0, count);
    if (from.type() == DataType.FLOAT16) {
      HalfPrecision.halvesToFloats(bits, to, count);
    } else {
      HalfPrecision.bfloat16sToFloats(bits, to, count);
    }
  }
}
