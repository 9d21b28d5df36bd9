package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The shape of one feature map of the decoder, {@code (N, L, C)}. The first is a condition
 * (prompts, tokens of a prompt, width of a hidden state), the last a grid of weight tokens.
 *
 * @param n the number of prompts, and at the end of weight tokens
 * @param l the length, and at the end the rows of a weight token
 * @param c the width, and at the end the columns of a weight token
 */
public record FeatureShape(int n, int l, int c) {

  private static final Pattern TRIPLE =
      Pattern.compile("\\(\\s*(\\d{1,9})\\s*,\\s*(\\d{1,9})\\s*,\\s*(\\d{1,9})\\s*\\)");

  /**
   * Checks the values.
   *
   * @param n the number of prompts or weight tokens, at least 1
   * @param l the length, at least 1
   * @param c the width, at least 1
   */
  public FeatureShape {
    Checks.positive(n, "n");
    Checks.positive(l, "l");
    Checks.positive(c, "c");
  }

  /**
   * Reads a chain of feature shapes.
   *
   * @param text for example {@code (6,20,24) (8,16,18)}
   * @return the shapes, at least two
   * @throws InvalidInputException if it is written otherwise
   */
  public static List<FeatureShape> parseAll(String text) {
    Matcher matcher = TRIPLE.matcher(Checks.notNull(text, "features"));
    List<FeatureShape> shapes = new ArrayList<>();
    while (matcher.find()) {
      shapes.add(
          new FeatureShape(
              Integer.parseInt(matcher.group(1)),
              Integer.parseInt(matcher.group(2)),
              Integer.parseInt(matcher.group(3))));
    }
    if (shapes.size() < 2 || !TRIPLE.matcher(text).replaceAll("").replace(",", "").isBlank()) {
      throw new InvalidInputException(
          "features must be two or more triples such as \"(6,20,24) (8,16,18)\", but are \""
              + text
              + "\"");
    }
    return shapes;
  }

  /**
   * Writes a chain of feature shapes as {@link #parseAll} reads it.
   *
   * @param shapes the shapes
   * @return for example {@code (6,20,24) (8,16,18)}
   */
  public static String formatAll(List<FeatureShape> shapes) {
    return shapes.stream().map(FeatureShape::toString).collect(Collectors.joining(" "));
  }

  /** How many numbers the feature map holds. */
  long size() {
    return (long) n * l * c;
  }

  @Override
  public String toString() {
    return "(" + n + "," + l + "," + c + ")";
  }
}
