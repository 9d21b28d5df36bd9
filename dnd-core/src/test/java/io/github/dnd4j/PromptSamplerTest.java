package io.github.dnd4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PromptSamplerTest {

  private static final List<String> MANY =
      IntStream.range(0, 20).mapToObj(i -> "prompt " + i).toList();

  @Test
  void exactlyEnoughPromptsKeepTheirOrder() {
    assertThat(PromptSampler.draw(List.of("a", "b", "c"), 3, 99)).containsExactly("a", "b", "c");
  }

  @Test
  void fewerAreRepeatedInTurn() {
    assertThat(PromptSampler.draw(List.of("a", "b"), 5, 99))
        .containsExactly("a", "b", "a", "b", "a");
  }

  @Test
  void ofMoreAreDrawnWithoutReplacement() {
    assertThat(PromptSampler.draw(MANY, 12, 1))
        .hasSize(12)
        .doesNotHaveDuplicates()
        .isSubsetOf(MANY)
        .isNotEqualTo(MANY.subList(0, 12));
  }

  @Test
  void theSeedDecidesTheDrawing() {
    assertThat(PromptSampler.draw(MANY, 12, 1))
        .isEqualTo(PromptSampler.draw(MANY, 12, 1))
        .isNotEqualTo(PromptSampler.draw(MANY, 12, 2));
  }

  /** {@link java.util.Random} and shuffle are specified, so this holds on every Java. */
  @Test
  void theDrawingOfASeedNeverChanges() {
    assertThat(PromptSampler.draw(List.of("a", "b", "c", "d", "e"), 3, 42))
        .containsExactly("b", "c", "d");
  }
}
