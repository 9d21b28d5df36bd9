package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.TrainingPrompts.TrainingSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Of the prompts of training sets")
class PromptDrawsTest {

  private static final int LENGTH = 3;
  private static final int WIDTH = 6;

  private final HashEncoder encoder = new HashEncoder("test", WIDTH);

  private Optional<TrainingPrompts> remember(ConditionForm form, long seed, TaskData... tasks) {
    try (ConditionCache cache = ConditionCache.open(encoder, LENGTH, 1 << 20, null)) {
      return new PromptDraws(cache, form, 2, seed)
          .remember(PromptCheckpointDataset.of(List.of(tasks)));
    }
  }

  /** Random hidden states have no topics, but sets of one prompt said twice are told apart. */
  private static TaskData same(String name) {
    TaskData one = SmallWorld.unreadTask(name, 1, 1);
    return new TaskData(
        name, List.of(one.examples().get(0), one.examples().get(0)), one.checkpoints());
  }

  @Test
  @DisplayName("each set's centroid is kept, of all prompts of a small set")
  void centroids() {
    // when
    TrainingPrompts remembered =
        remember(ConditionForm.prompts(), 1, same("a"), same("b"), SmallWorld.unreadTask("c", 5, 1))
            .orElseThrow();
    // then
    assertThat(remembered.sets()).extracting(TrainingSet::name).containsExactly("a", "b", "c");
    double[] sum = new double[WIDTH];
    for (int i = 0; i < 5; i++) {
      double[] direction = direction("c prompt " + i);
      for (int j = 0; j < WIDTH; j++) {
        sum[j] += direction[j];
      }
    }
    double[] expected = unit(sum);
    float[] actual = remembered.sets().get(2).centroid();
    for (int j = 0; j < WIDTH; j++) {
      assertThat((double) actual[j]).isCloseTo(expected[j], within(1e-6));
    }
  }

  private static double[] direction(String text) {
    float[] states = HashEncoder.statesOf(text, LENGTH, WIDTH);
    double[] sum = new double[WIDTH];
    for (int token = 0; token < LENGTH; token++) {
      double[] state = new double[WIDTH];
      for (int j = 0; j < WIDTH; j++) {
        state[j] = states[token * WIDTH + j];
      }
      double[] unit = unit(state);
      for (int j = 0; j < WIDTH; j++) {
        sum[j] += unit[j];
      }
    }
    return unit(sum);
  }

  private static double[] unit(double[] vector) {
    double squares = 0;
    for (double value : vector) {
      squares += value * value;
    }
    double[] unit = new double[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = vector[i] / Math.sqrt(squares);
    }
    return unit;
  }

  @Test
  @DisplayName("sixteen draws of a condition's number are looked at, and none twice")
  void draws() {
    // when
    remember(
        ConditionForm.prompts(),
        1,
        SmallWorld.unreadTask("large", 200, 1),
        SmallWorld.unreadTask("small", 7, 1));
    // then
    List<String> texts = encoder.calls.stream().flatMap(List::stream).toList();
    assertThat(texts).filteredOn(text -> text.startsWith("large")).hasSize(16 * 2);
    assertThat(texts).filteredOn(text -> text.startsWith("small")).hasSize(7);
    assertThat(texts).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("the same are looked at for the same seed, and others for another")
  void seeds() {
    // given
    TaskData[] tasks = {same("a"), same("b"), SmallWorld.unreadTask("large", 200, 1)};
    // when, then
    assertThat(remember(ConditionForm.prompts(), 3, tasks))
        .isPresent()
        .isEqualTo(remember(ConditionForm.prompts(), 3, tasks))
        .isNotEqualTo(remember(ConditionForm.prompts(), 4, tasks));
  }

  @Test
  @DisplayName("the texts are those that the decoder is trained with")
  void form() {
    remember(ConditionForm.answers(), 1, same("a"), same("b"));
    assertThat(encoder.calls).containsExactly(List.of("a answer 0"), List.of("b answer 0"));
  }

  @Test
  @DisplayName("nothing is kept of one set alone, and nothing encoded for it")
  void alone() {
    assertThat(remember(ConditionForm.prompts(), 1, SmallWorld.unreadTask("only", 9, 1))).isEmpty();
    assertThat(encoder.calls).isEmpty();
  }
}
