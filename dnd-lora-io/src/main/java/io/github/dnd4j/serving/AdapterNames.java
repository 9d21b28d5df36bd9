package io.github.dnd4j.serving;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.regex.Pattern;

/** The names and paths that servers are told. */
final class AdapterNames {

  /**
   * The name stands in the {@code model} field of requests, in SGLang after {@code base-model:},
   * and servers make file names of it: no slash, no colon, no space.
   */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private AdapterNames() {}

  /** A name that a new adapter may have. */
  static String checked(String name) {
    Checks.notBlank(name, "the adapter's name");
    if (!NAME.matcher(name).matches()) {
      throw new InvalidInputException(
          "the adapter's name '"
              + printable(name)
              + "' must consist of letters, digits, '.', '-' and '_', begin with a letter or digit"
              + " and have at most 128 characters: choose another name");
    }
    return name;
  }

  /** A text that a server has, or may have, by any rules of its own. */
  static String printableOnly(String text, String what) {
    Checks.notBlank(text, what);
    if (!text.equals(printable(text))) {
      throw new InvalidInputException(
          what + " '" + printable(text) + "' has control characters: leave them out");
    }
    return text;
  }

  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
