package io.github.dnd4j.training;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.PromptExample;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * What of an example becomes a text of the condition. The ablation of arXiv 2506.16406 compares
 * these forms: prompts alone are its default, and {@code mix(0.2)} is its mix of 4 prompts and 1
 * answer.
 *
 * <p>Written {@code prompts}, {@code prompts-with-answers}, {@code answers} or {@code mix:0.2} in
 * configurations. Immutable.
 */
public final class ConditionForm {

  private static final String MIX_PREFIX = "mix:";

  private enum Kind {
    PROMPTS("prompts"),
    PROMPTS_WITH_ANSWERS("prompts-with-answers"),
    ANSWERS("answers"),
    MIX("mix");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  private final Kind kind;
  private final double answerShare;

  private ConditionForm(Kind kind, double answerShare) {
    this.kind = kind;
    this.answerShare = answerShare;
  }

  /**
   * The prompt alone.
   *
   * @return the form {@code prompts}
   */
  public static ConditionForm prompts() {
    return new ConditionForm(Kind.PROMPTS, 0);
  }

  /**
   * The prompt, a line break, the answer.
   *
   * @return the form {@code prompts-with-answers}
   */
  public static ConditionForm promptsWithAnswers() {
    return new ConditionForm(Kind.PROMPTS_WITH_ANSWERS, 0);
  }

  /**
   * The answer alone.
   *
   * @return the form {@code answers}
   */
  public static ConditionForm answers() {
    return new ConditionForm(Kind.ANSWERS, 1);
  }

  /**
   * Of each example at random the prompt or the answer.
   *
   * @param answerShare how probable the answer is, above 0 and below 1
   * @return the form {@code mix:answerShare}
   */
  public static ConditionForm mix(double answerShare) {
    if (!(answerShare > 0 && answerShare < 1)) {
      throw new InvalidInputException(
          "the share of answers in a mix must be above 0 and below 1, but is "
              + answerShare
              + ": use prompts or answers for one of them alone");
    }
    return new ConditionForm(Kind.MIX, answerShare);
  }

  /**
   * The form that a text names.
   *
   * @param text as {@link #toString()} writes it
   * @return the form
   */
  public static ConditionForm parse(String text) {
    Checks.notNull(text, "text");
    for (ConditionForm form : List.of(prompts(), promptsWithAnswers(), answers())) {
      if (form.toString().equals(text)) {
        return form;
      }
    }
    if (text.startsWith(MIX_PREFIX)) {
      try {
        return mix(Double.parseDouble(text.substring(MIX_PREFIX.length())));
      } catch (NumberFormatException e) {
        throw unknown(text, e);
      }
    }
    throw unknown(text, null);
  }

  private static InvalidInputException unknown(String text, NumberFormatException cause) {
    return new InvalidInputException(
        "there is no form of conditions '"
            + text
            + "': use prompts, prompts-with-answers, answers or, for example, mix:0.2",
        cause);
  }

  /**
   * Checks that a dataset has the answers that this form needs.
   *
   * @throws InvalidInputException if examples lack one; it names the data sets
   */
  void check(PromptCheckpointDataset dataset) {
    if (kind == Kind.PROMPTS) {
      return;
    }
    List<String> lacking = new ArrayList<>();
    for (TaskData task : dataset.tasks()) {
      long without = task.examples().stream().filter(e -> e.answer().isEmpty()).count();
      if (without > 0) {
        lacking.add(task.name() + " (" + without + " of " + task.examples().size() + ")");
      }
    }
    if (!lacking.isEmpty()) {
      throw new InvalidInputException(
          "conditions of the form "
              + this
              + " need answers, but there are examples without one in "
              + String.join(", ", lacking)
              + ": leave these out, or use prompts");
    }
  }

  /** One example's text; only a mix draws a random number. */
  String text(PromptExample example, RandomGenerator random) {
    return switch (kind) {
      case PROMPTS -> example.prompt();
      case PROMPTS_WITH_ANSWERS -> example.prompt() + "\n" + answer(example);
      case ANSWERS -> answer(example);
      case MIX -> random.nextDouble() < answerShare ? answer(example) : example.prompt();
    };
  }

  /** All texts that {@link #text} may give, each once, in the dataset's order. */
  Set<String> texts(PromptCheckpointDataset dataset) {
    Set<String> texts = new LinkedHashSet<>();
    for (TaskData task : dataset.tasks()) {
      for (PromptExample example : task.examples()) {
        switch (kind) {
          case PROMPTS -> texts.add(example.prompt());
          case PROMPTS_WITH_ANSWERS -> texts.add(example.prompt() + "\n" + answer(example));
          case ANSWERS -> texts.add(answer(example));
          case MIX -> {
            texts.add(example.prompt());
            texts.add(answer(example));
          }
        }
      }
    }
    return texts;
  }

  private static String answer(PromptExample example) {
    return example.answer().orElseThrow();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConditionForm form
        && kind == form.kind
        && Double.compare(answerShare, form.answerShare) == 0;
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, answerShare);
  }

  @Override
  public String toString() {
    return kind == Kind.MIX ? MIX_PREFIX + answerShare : kind.text;
  }
}
