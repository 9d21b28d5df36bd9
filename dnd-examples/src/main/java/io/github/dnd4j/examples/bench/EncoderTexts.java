package io.github.dnd4j.examples.bench;

import io.github.dnd4j.InvalidInputException;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts that encoders are measured with. Prompts are short: most of their tokens are padding, which
 * DnD4J does not attend to. So there are full texts as well, in which it has nothing to leave out.
 *
 * @param part what encoding them is called
 * @param texts the texts
 * @param length the tokens that each is cut or padded to
 */
record EncoderTexts(Part part, List<String> texts, int length) {

  EncoderTexts {
    texts = List.copyOf(texts);
  }

  /** All that a plan asks for, first as many prompts as the decoder takes. */
  static List<EncoderTexts> of(BenchPlan plan) {
    List<EncoderTexts> all = new ArrayList<>();
    plan.encodePrompts().forEach(count -> all.add(prompts(plan, count)));
    plan.fullTexts().forEach(count -> all.add(full(plan, count)));
    return all;
  }

  /** Prompts as they are. */
  static EncoderTexts prompts(BenchPlan plan, int count) {
    return new EncoderTexts(Part.ENCODING, plan.prompts(count), textLength(plan));
  }

  /**
   * Texts of joined prompts that fill all tokens of the text length, or of the model's window if
   * that is shorter.
   */
  static EncoderTexts full(BenchPlan plan, int count) {
    int length = Math.min(textLength(plan), PromptTokens.LONGEST_WINDOW);
    EncoderTexts full =
        new EncoderTexts(
            Part.ENCODING_FULL, PromptTokens.fill(plan::prompt, count, length), length);
    PromptTokens tokens = full.tokens();
    if (tokens.windows().size() < count || !tokens.full()) {
      throw new InvalidInputException(
          "there are no "
              + count
              + " different texts of "
              + length
              + " tokens: --full-texts 0 leaves them out");
    }
    return full;
  }

  private static int textLength(BenchPlan plan) {
    return plan.decoder().config().conditionShape().textLength();
  }

  int size() {
    return texts.size();
  }

  /** What the encoder has to do. */
  PromptTokens tokens() {
    return PromptTokens.of(texts, length);
  }
}
