package io.github.dnd4j.io;

import io.github.dnd4j.internal.Checks;
import java.util.Optional;

/**
 * One prompt of a task, and its answer where there is one.
 *
 * @param prompt what a user would ask
 * @param answer what would be answered, not blank; empty if the prompt is unlabelled
 */
public record PromptExample(String prompt, Optional<String> answer) {

  /**
   * Checks the values.
   *
   * @param prompt what a user would ask
   * @param answer what would be answered, not blank; empty if the prompt is unlabelled
   */
  public PromptExample {
    Checks.notNull(prompt, "prompt");
    Checks.notNull(answer, "answer").ifPresent(text -> Checks.notBlank(text, "answer"));
  }

  /**
   * An unlabelled prompt.
   *
   * @param prompt what a user would ask
   * @return the prompt without an answer
   */
  public static PromptExample of(String prompt) {
    return new PromptExample(prompt, Optional.empty());
  }

  /**
   * A prompt and its answer.
   *
   * @param prompt what a user would ask
   * @param answer what would be answered, not blank
   * @return the pair
   */
  public static PromptExample of(String prompt, String answer) {
    return new PromptExample(prompt, Optional.of(Checks.notNull(answer, "answer")));
  }
}
