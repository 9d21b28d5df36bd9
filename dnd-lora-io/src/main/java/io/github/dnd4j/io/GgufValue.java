package io.github.dnd4j.io;

import java.util.Arrays;
import java.util.Optional;

/**
 * A value of a GGUF file's metadata.
 *
 * @param type its type
 * @param content a Boolean, a String, a Float or Double, a Long for whole numbers (of UINT64 the
 *     same bits), or an {@link Array}
 */
record GgufValue(Type type, Object content) {

  /** The types of values. */
  enum Type {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    /** A length and as many bytes. */
    STRING(8, 0),
    /** The type of its elements, their count, and they. */
    ARRAY(9, 0),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int number;
    private final int width;

    Type(int number, int width) {
      this.number = number;
      this.width = width;
    }

    static Optional<Type> of(int number) {
      return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
    }

    /** Its number in files. */
    int number() {
      return number;
    }

    /** The bytes of a value, 0 where that depends on the value. */
    int width() {
      return width;
    }
  }

  /**
   * What is kept of an array: its elements, a vocabulary for example, are checked and left in the
   * file.
   *
   * @param element the type of its elements
   * @param length how many there are
   */
  record Array(Type element, long length) {}

  /** As text, for people. */
  String text() {
    if (content instanceof Array array) {
      return array.length() + " x " + array.element();
    }
    return type == Type.UINT64 ? Long.toUnsignedString((Long) content) : content.toString();
  }
}
