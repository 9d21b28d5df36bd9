package io.github.dnd4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Brings a list of prompts to the number that a decoder takes. */
final class PromptSampler {

  private PromptSampler() {}

  static void check(List<String> prompts) {
    if (prompts == null || prompts.isEmpty()) {
      throw new InvalidInputException(
          "no prompts: at least one is needed, and about as many as the decoder takes are best");
    }
    for (int i = 0; i < prompts.size(); i++) {
      String prompt = prompts.get(i);
      if (prompt == null || prompt.isBlank()) {
        throw new InvalidInputException(
            "prompt "
                + (i + 1)
                + " of "
                + prompts.size()
                + " is "
                + (prompt == null ? "null" : "blank")
                + ": leave it out");
      }
    }
  }

  /** Fewer than {@code count} are repeated in turn; of more, a random sample is drawn. */
  static List<String> draw(List<String> prompts, int count, long seed) {
    if (prompts.size() > count) {
      List<String> shuffled = new ArrayList<>(prompts);
      Collections.shuffle(shuffled, new Random(seed));
      return List.copyOf(shuffled.subList(0, count));
    }
    List<String> drawn = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      drawn.add(prompts.get(i % prompts.size()));
    }
    return drawn;
  }
}
