package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.io.PromptExample;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The form of conditions")
class ConditionFormTest {

  private static final PromptExample EXAMPLE = PromptExample.of("Why?", "So.");

  private final RandomGenerator random = Randoms.of(1, 2, Randoms.Purpose.PROMPTS);

  @Test
  @DisplayName("is the prompt, the prompt and its answer, or the answer")
  void texts() {
    assertThat(ConditionForm.prompts().text(EXAMPLE, random)).isEqualTo("Why?");
    assertThat(ConditionForm.promptsWithAnswers().text(EXAMPLE, random)).isEqualTo("Why?\nSo.");
    assertThat(ConditionForm.answers().text(EXAMPLE, random)).isEqualTo("So.");
  }

  @Test
  @DisplayName("may be the answer with some probability")
  void mix() {
    // given
    ConditionForm fifth = ConditionForm.mix(0.2);
    // when
    List<String> drawn =
        IntStream.range(0, 10_000).mapToObj(i -> fifth.text(EXAMPLE, random)).toList();
    // then
    assertThat(drawn).containsOnly("Why?", "So.");
    long answers = drawn.stream().filter("So."::equals).count();
    assertThat(answers / 10_000.0).isCloseTo(0.2, within(0.02)); // 5 standard deviations
  }

  @Test
  @DisplayName("knows all texts that it may give, each once")
  void allTexts() {
    PromptCheckpointDataset dataset = dataset(EXAMPLE, PromptExample.of("How?", "So."));
    assertThat(ConditionForm.prompts().texts(dataset)).containsExactly("Why?", "How?");
    assertThat(ConditionForm.promptsWithAnswers().texts(dataset))
        .containsExactly("Why?\nSo.", "How?\nSo.");
    assertThat(ConditionForm.answers().texts(dataset)).containsExactly("So.");
    assertThat(ConditionForm.mix(0.5).texts(dataset)).containsExactly("Why?", "So.", "How?");
  }

  private static PromptCheckpointDataset dataset(PromptExample... examples) {
    return PromptCheckpointDataset.of(
        List.of(new TaskData("set", List.of(examples), List.of(Path.of("a")))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompts", "prompts-with-answers", "answers", "mix:0.2"})
  @DisplayName("is written and read as a word")
  void words(String word) {
    assertThat(ConditionForm.parse(word)).hasToString(word).isEqualTo(ConditionForm.parse(word));
    assertThat(ConditionForm.parse(word)).hasSameHashCodeAs(ConditionForm.parse(word));
    assertThat(ConditionForm.parse(word)).isNotEqualTo(ConditionForm.parse("mix:0.3"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "mix", "mix:", "mix:x", "mix:0", "mix:1", "mix:NaN", "Prompts"})
  @DisplayName("is refused when there is none of that name")
  void unknown(String word) {
    assertThatThrownBy(() -> ConditionForm.parse(word)).isInstanceOf(InvalidInputException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompts-with-answers", "answers", "mix:0.2"})
  @DisplayName("is refused for data without the answers that it needs, before training")
  void lackingAnswers(String word) {
    // given
    PromptCheckpointDataset dataset = dataset(EXAMPLE, PromptExample.of("How?"));
    ConditionForm form = ConditionForm.parse(word);
    // when, then
    assertThatThrownBy(() -> new ItemSampler(dataset, form, TaskMixing.OFF, 2, 0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("set (1 of 2)")
        .hasMessageContaining(word);
    ConditionForm.prompts().check(dataset);
  }
}
