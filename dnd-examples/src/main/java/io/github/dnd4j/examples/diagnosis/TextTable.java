package io.github.dnd4j.examples.diagnosis;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A table for people: the first column and the last to the left, the others to the right. */
public final class TextTable {

  private final List<List<String>> rows = new ArrayList<>();

  /** An empty table. */
  public TextTable() {}

  /**
   * Adds a row.
   *
   * @param cells as many as the first row has
   * @return this table
   */
  public TextTable add(String... cells) {
    rows.add(List.of(cells));
    return this;
  }

  /**
   * Prints all rows, two spaces to the right.
   *
   * @param out where to
   */
  public void print(PrintWriter out) {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder(" ");
      for (int i = 0; i < columns; i++) {
        String padding = " ".repeat(widths[i] - row.get(i).length());
        boolean left = i == 0 || i == columns - 1;
        line.append(i == 0 ? " " : "  ").append(left ? "" : padding).append(row.get(i));
        line.append(left ? padding : "");
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /**
   * Four digits, of any size; a dash for what is not a number.
   *
   * @param value the number
   * @return its text
   */
  public static String number(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    double size = Math.abs(value);
    return size != 0 && (size < 1e-3 || size >= 1e5)
        ? String.format(Locale.ROOT, "%.2e", value)
        : String.format(Locale.ROOT, "%.4g", value);
  }

  /**
   * Two decimals; a dash for what is not a number.
   *
   * @param value the number
   * @return its text
   */
  public static String decimals(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.2f", value);
  }

  /** The first few of a list of names, and how many there are beyond. */
  static String names(List<String> names) {
    int shown = Math.min(3, names.size());
    String text = String.join(", ", names.subList(0, shown));
    return names.size() > shown ? text + " and " + (names.size() - shown) + " more" : text;
  }

  /**
   * A number of things.
   *
   * @param number how many
   * @param what one of them, for example "module"
   * @return for example "1 module", "2 modules"
   */
  public static String count(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
