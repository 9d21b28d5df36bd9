package io.github.dnd4j.encoder;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Reads decimal numbers out of bytes: rounded to float64 and then to float32, as Python and PyTorch
 * do. Numbers of up to 15 digits without an exponent take the fast way, which is as exact: a whole
 * number below 2^53 divided by a power of ten that float64 holds exactly is rounded only once.
 */
final class GloveNumbers {

  private static final long LARGEST_EXACT = 1L << 53;

  /** Below this another digit cannot overflow a long. */
  private static final long ROOM_FOR_A_DIGIT = Long.MAX_VALUE / 10 - 1;

  private static final double[] POWERS_OF_TEN = new double[23];

  static {
    for (int i = 0; i < POWERS_OF_TEN.length; i++) {
      POWERS_OF_TEN[i] = Double.parseDouble("1e" + i);
    }
  }

  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(?:[0-9]++(?:\\.[0-9]*+)?|\\.[0-9]++)(?:[eE][-+]?[0-9]++)?");

  private int end;

  /**
   * Reads a number that a space or the line's end follows.
   *
   * @param bytes where it stands
   * @param from its first byte
   * @param to the line's end
   * @return its value, or NaN if it is no finite decimal number
   */
  float parse(byte[] bytes, int from, int to) {
    int at = from;
    boolean negative = at < to && bytes[at] == '-';
    if (negative) {
      at++;
    }
    long digits = 0;
    int count = 0;
    int point = -1;
    for (; at < to && bytes[at] != ' '; at++) {
      int digit = bytes[at] - '0';
      if (digit >= 0 && digit <= 9 && digits < ROOM_FOR_A_DIGIT) {
        digits = digits * 10 + digit;
        count++;
      } else if (bytes[at] == '.' && point < 0) {
        point = count;
      } else {
        return parseSlowly(bytes, from, to);
      }
    }
    end = at;
    int scale = point < 0 ? 0 : count - point;
    if (count == 0 || digits > LARGEST_EXACT || scale >= POWERS_OF_TEN.length) {
      return parseSlowly(bytes, from, to);
    }
    double value = digits / POWERS_OF_TEN[scale];
    return (float) (negative ? -value : value);
  }

  /** Where the number that was read last ends. */
  int end() {
    return end;
  }

  private float parseSlowly(byte[] bytes, int from, int to) {
    end = from;
    while (end < to && bytes[end] != ' ') {
      end++;
    }
    String text = new String(bytes, from, end - from, StandardCharsets.ISO_8859_1);
    if (!DECIMAL.matcher(text).matches()) {
      return Float.NaN;
    }
    float value = (float) Double.parseDouble(text);
    return Float.isFinite(value) ? value : Float.NaN;
  }
}
