package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import java.util.Map;
import java.util.TreeMap;

/** What encoders do alike beside encoding. */
final class EncoderState {

  private EncoderState() {}

  /**
   * What an encoder works with, while it is open.
   *
   * @param closed whether it is not any more
   * @param name the encoder's, for the message
   * @param parts what it works with
   * @param <T> their type
   * @throws DragAndDropException if it is closed
   */
  static <T> T open(boolean closed, String name, T parts) {
    if (closed) {
      throw new DragAndDropException("the encoder " + name + " is closed; open a new one");
    }
    return parts;
  }

  /**
   * How a saved generator names an encoder.
   *
   * @param type its type
   * @param model the model's name
   * @param dimension C
   * @param sha256 of its weights
   * @param more what else names it
   */
  static ComponentSpec spec(
      String type, String model, int dimension, String sha256, Map<String, String> more) {
    Map<String, String> properties = new TreeMap<>(more);
    properties.put(SentenceEncoder.MODEL, model);
    properties.put(SentenceEncoder.DIMENSION, Integer.toString(dimension));
    properties.put(SentenceEncoder.SHA256, sha256);
    return new ComponentSpec(type, properties);
  }
}
