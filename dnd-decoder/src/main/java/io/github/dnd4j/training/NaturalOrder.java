package io.github.dnd4j.training;

import java.util.Comparator;

/** The order of names in which people count: numbers by value, so that 9 comes before 10. */
enum NaturalOrder implements Comparator<String> {
  INSTANCE;

  @Override
  public int compare(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() && j < b.length()) {
      int endOfA = endOfPart(a, i);
      int endOfB = endOfPart(b, j);
      int order = compareParts(a.substring(i, endOfA), b.substring(j, endOfB));
      if (order != 0) {
        return order;
      }
      i = endOfA;
      j = endOfB;
    }
    int rest = Integer.compare(a.length() - i, b.length() - j);
    return rest != 0 ? rest : a.compareTo(b); // 01 and 1 are two names
  }

  /** A part is a run of digits or a single other character. */
  private static int endOfPart(String text, int start) {
    int end = start + 1;
    while (isDigit(text.charAt(start)) && end < text.length() && isDigit(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int compareParts(String a, String b) {
    if (!isDigit(a.charAt(0)) || !isDigit(b.charAt(0))) {
      return a.compareTo(b);
    }
    String x = withoutZeros(a);
    String y = withoutZeros(b);
    return x.length() != y.length() ? Integer.compare(x.length(), y.length()) : x.compareTo(y);
  }

  private static String withoutZeros(String digits) {
    int start = 0;
    while (start < digits.length() - 1 && digits.charAt(start) == '0') {
      start++;
    }
    return digits.substring(start);
  }
}
