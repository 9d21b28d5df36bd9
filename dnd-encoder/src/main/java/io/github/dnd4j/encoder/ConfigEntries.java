package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;

/**
 * The entries of a {@code config.json} that nobody has checked yet; messages name the file and the
 * entry.
 *
 * @param root the file's JSON object
 * @param where the file, for messages
 */
record ConfigEntries(JsonNode root, String where) {

  static final int LARGEST_SIZE = 1 << 24;

  static ConfigEntries parse(byte[] json, String where) {
    return new ConfigEntries(JsonFiles.object(json, where), where);
  }

  /** Whether there is such an entry, other than null. */
  boolean has(String name) {
    return root.hasNonNull(name);
  }

  /** A text, or a default, which may be null, if it is missing. */
  String text(String name, String whenMissing) {
    return has(name) ? root.path(name).asText() : whenMissing;
  }

  /** A size that must be there. */
  int size(String name) {
    JsonNode value = root.path(name);
    if (!value.isInt() || value.intValue() < 1 || value.intValue() > LARGEST_SIZE) {
      throw new FileFormatException(
          where
              + ": "
              + name
              + " must be a whole number from 1 to "
              + LARGEST_SIZE
              + ", but is "
              + (value.isMissingNode() ? "missing" : value));
    }
    return value.intValue();
  }

  /** A size, or a default if it is missing. */
  int size(String name, int whenMissing) {
    return has(name) ? size(name) : whenMissing;
  }

  /** A number between 0 and 1, or a default if it is missing. */
  float epsilon(String name, double whenMissing) {
    double value = root.path(name).asDouble(whenMissing);
    if (!(value > 0 && value < 1)) {
      throw new FileFormatException(
          where + ": " + name + " must lie between 0 and 1, but is " + value);
    }
    return (float) value;
  }

  /**
   * For an entry that asks for what the code cannot do.
   *
   * @param name the entry
   * @param expected what it may be
   * @param remedy what can be read instead, a sentence
   */
  FileFormatException unsupported(String name, String expected, String remedy) {
    return new FileFormatException(
        where
            + ": "
            + name
            + " is "
            + (has(name) ? root.path(name).asText() : "missing")
            + ", but only "
            + expected
            + " is supported. "
            + remedy);
  }
}
