package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.TextPair;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Questions with options, as benchmarks write them for language models: a line {@code A: ...} (or
 * {@code 1: ...}) for each option, perhaps a sentence that asks for a letter after them, and {@code
 * [A]} as the response.
 */
final class MultipleChoice {

  private static final Pattern RESPONSE = Pattern.compile("\\[([A-Z]|[1-9])]");
  private static final Pattern OPTION = Pattern.compile("([A-Z]|[1-9]):(.*)");

  private MultipleChoice() {}

  /** Whether a response names an option. */
  static boolean isResponse(String response) {
    return RESPONSE.matcher(response).matches();
  }

  /**
   * The question without its options and what follows them, and the text of the right option; empty
   * if one of the two is missing.
   */
  static Optional<TextPair> parse(String prompt, String response) {
    Matcher label = RESPONSE.matcher(response);
    if (!label.matches()) {
      return Optional.empty();
    }
    List<String> lines = prompt.lines().toList();
    int first = 0;
    while (first < lines.size() && !OPTION.matcher(lines.get(first)).matches()) {
      first++;
    }
    String question = String.join("\n", lines.subList(0, first)).strip();
    return lines.subList(first, lines.size()).stream()
        .map(OPTION::matcher)
        .filter(option -> option.matches() && option.group(1).equals(label.group(1)))
        .map(option -> option.group(2).strip())
        .filter(answer -> !answer.isEmpty() && !question.isEmpty())
        .findFirst()
        .map(answer -> new TextPair(question, answer));
  }
}
