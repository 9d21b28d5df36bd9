package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.io.PromptFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The questions and answers in a prompt file of a benchmark.
 *
 * <p>Where the options of a multiple-choice question stand in the prompt as lines {@code A: ...} or
 * {@code 1: ...}, and the response names one as {@code [A]}, the question is what precedes the
 * options (a sentence after them that asks for a letter is dropped with them) and the answer is the
 * right option's text. All else is prompt and response as they are. Left out, and counted, are
 * entries without a response, those whose response is {@code [True]} or {@code [False]}, those that
 * name an option that is not there, and questions that were there before (apart from case and white
 * space), such as the four solutions of each problem of Mu-Math.
 *
 * @param pairs questions and their answers, in the order of the file; no question twice
 * @param unanswered how many entries have no response
 * @param yesNo how many have a response of true or false
 * @param unreadable how many name an option that is not in their prompt
 * @param repeated how many ask what an earlier entry asks
 */
public record RetrievalPairs(
    List<TextPair> pairs, int unanswered, int yesNo, int unreadable, int repeated) {

  private static final Pattern YES_OR_NO =
      Pattern.compile("\\[(true|false)]", Pattern.CASE_INSENSITIVE);

  private static final Pattern WHITE_SPACE = Pattern.compile("\\s+");

  /**
   * Copies the values.
   *
   * @param pairs questions and their answers
   * @param unanswered how many entries have no response
   * @param yesNo how many have a response of true or false
   * @param unreadable how many name an option that is not in their prompt
   * @param repeated how many ask what an earlier entry asks
   */
  public RetrievalPairs {
    pairs = List.copyOf(Checks.notNull(pairs, "pairs"));
  }

  /**
   * Reads a file.
   *
   * @param file a prompt file as {@link PromptFile} reads it
   * @return its pairs, at least one
   * @throws io.github.dnd4j.FileAccessException if it is missing or unreadable
   * @throws FileFormatException if its content is broken, or holds no pair
   */
  public static RetrievalPairs read(Path file) {
    RetrievalPairs read = of(PromptFile.read(file));
    if (read.pairs.isEmpty()) {
      throw new FileFormatException(
          file + " holds no questions with answers that can be searched for: " + read.leftOut());
    }
    return read;
  }

  static RetrievalPairs of(List<PromptExample> examples) {
    List<TextPair> pairs = new ArrayList<>();
    Set<String> questions = new LinkedHashSet<>();
    int unanswered = 0;
    int yesNo = 0;
    int unreadable = 0;
    int repeated = 0;
    for (PromptExample example : examples) {
      String response = example.answer().orElse("").strip();
      if (response.isEmpty()) {
        unanswered++;
      } else if (YES_OR_NO.matcher(response).matches()) {
        yesNo++;
      } else {
        Optional<TextPair> pair = pair(example.prompt().strip(), response);
        if (pair.isEmpty()) {
          unreadable++;
        } else if (questions.add(comparable(pair.get().anchor()))) {
          pairs.add(pair.get());
        } else {
          repeated++;
        }
      }
    }
    return new RetrievalPairs(pairs, unanswered, yesNo, unreadable, repeated);
  }

  private static Optional<TextPair> pair(String prompt, String response) {
    if (MultipleChoice.isResponse(response)) {
      return MultipleChoice.parse(prompt, response);
    }
    return prompt.isEmpty() ? Optional.empty() : Optional.of(new TextPair(prompt, response));
  }

  /** A text apart from case and white space. */
  static String comparable(String text) {
    return WHITE_SPACE.matcher(text.strip()).replaceAll(" ").toLowerCase(Locale.ROOT);
  }

  /**
   * Says for people what was left out.
   *
   * @return for example {@code left out: 2 without a response, 813 repeated}
   */
  public String leftOut() {
    List<String> counts = new ArrayList<>();
    add(counts, unanswered, "without a response");
    add(counts, yesNo, "of true or false");
    add(counts, unreadable, "without the option they name");
    add(counts, repeated, "repeated");
    return "left out: " + (counts.isEmpty() ? "none" : String.join(", ", counts));
  }

  private static void add(List<String> counts, int count, String what) {
    if (count > 0) {
      counts.add(count + " " + what);
    }
  }
}
