package io.github.dnd4j.encoder;

import java.util.List;
import java.util.Locale;

/**
 * How a text becomes words to look up in GloVe's vectors: as in the GloVe extractor of the
 * reference implementation of Drag-and-Drop LLMs (jerryliang24/Drag-and-Drop-LLMs).
 */
final class GloveText {

  private static final String REMOVED = ",;:?";

  private GloveText() {}

  /**
   * A text's words: its first line in lower case, without {@code , ; : ?} and without the full
   * stops that are not between the digits of a number, with spaces for hyphens, cut at every single
   * space. Two spaces in a row therefore have an empty word between them, as in the reference.
   *
   * @param text the text
   * @return its words; none if nothing is left of it
   */
  static List<String> words(String text) {
    int end = text.indexOf('\n');
    String line = (end < 0 ? text : text.substring(0, end)).toLowerCase(Locale.ROOT);
    String cleaned = withoutFullStops(withoutMarks(line));
    return cleaned.isEmpty() ? List.of() : List.of(cleaned.split(" ", -1));
  }

  private static String withoutMarks(String line) {
    StringBuilder kept = new StringBuilder(line.length());
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (REMOVED.indexOf(c) < 0) {
        kept.append(c == '-' ? ' ' : c);
      }
    }
    return kept.toString();
  }

  /** Keeps what matches {@code \d+\.\d+}, from left to right, and drops every other full stop. */
  private static String withoutFullStops(String line) {
    StringBuilder kept = new StringBuilder(line.length());
    for (int at = 0; at < line.length(); ) {
      int end = endOfNumber(line, at);
      if (end > at) {
        kept.append(line, at, end);
        at = end;
      } else {
        if (line.charAt(at) != '.') {
          kept.append(line.charAt(at));
        }
        at++;
      }
    }
    return kept.toString();
  }

  private static int endOfNumber(String line, int from) {
    int whole = endOfDigits(line, from);
    if (whole == from || whole == line.length() || line.charAt(whole) != '.') {
      return whole;
    }
    int fraction = endOfDigits(line, whole + 1);
    return fraction > whole + 1 ? fraction : whole;
  }

  private static int endOfDigits(String line, int from) {
    int end = from;
    while (end < line.length() && Character.isDigit(line.codePointAt(end))) {
      end += Character.charCount(line.codePointAt(end));
    }
    return end;
  }
}
