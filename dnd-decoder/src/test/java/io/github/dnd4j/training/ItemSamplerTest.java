package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.training.TrainingItem.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Training items")
class ItemSamplerTest {

  private static final int PROMPTS = 5;

  private final PromptCheckpointDataset dataset =
      PromptCheckpointDataset.of(
          List.of(
              SmallWorld.unreadTask("a", 40, 3),
              SmallWorld.unreadTask("b", 3, 2),
              SmallWorld.unreadTask("c", 40, 4)));

  private ItemSampler sampler(TaskMixing mixing, long seed) {
    return new ItemSampler(dataset, ConditionForm.prompts(), mixing, PROMPTS, seed);
  }

  private static List<TrainingItem> items(ItemSampler sampler, long from, long to) {
    return LongStream.range(from, to).mapToObj(sampler::item).toList();
  }

  private static String checkpoint(Part part) {
    return part.task().name() + part.checkpointIndex();
  }

  @Test
  @DisplayName("depend on the seed and their number, whatever was drawn before")
  void pure() {
    // given
    TaskMixing mixing = new TaskMixing(0.5, 3, 1);
    List<TrainingItem> inOrder = items(sampler(mixing, 7), 0, 40);
    // when drawn backwards by another sampler
    ItemSampler other = sampler(mixing, 7);
    List<TrainingItem> backwards = new ArrayList<>();
    for (long i = 39; i >= 0; i--) {
      backwards.add(0, other.item(i));
    }
    // then
    assertThat(backwards).isEqualTo(inOrder);
    assertThat(items(sampler(mixing, 8), 0, 40)).isNotEqualTo(inOrder);
  }

  @Test
  @DisplayName("take each checkpoint once an epoch, in an order of its own")
  void epochs() {
    // given
    ItemSampler sampler = sampler(TaskMixing.OFF, 1);
    // when
    List<List<String>> epochs = new ArrayList<>();
    for (int epoch = 0; epoch < 3; epoch++) {
      epochs.add(
          items(sampler, epoch * 9L, epoch * 9L + 9).stream()
              .map(item -> checkpoint(item.parts().get(0)))
              .toList());
    }
    // then
    for (List<String> epoch : epochs) {
      assertThat(epoch)
          .containsExactlyInAnyOrder("a0", "a1", "a2", "b0", "b1", "c0", "c1", "c2", "c3");
    }
    assertThat(epochs.get(0)).isNotEqualTo(epochs.get(1)).isNotEqualTo(epochs.get(2));
  }

  @Test
  @DisplayName("have prompts of the checkpoint's data set, none twice, fewer repeated in turn")
  void prompts() {
    for (TrainingItem item : items(sampler(TaskMixing.OFF, 1), 0, 90)) {
      Part part = item.parts().get(0);
      assertThat(item.parts()).hasSize(1);
      assertThat(part.share()).isEqualTo(1);
      assertThat(part.texts())
          .hasSize(PROMPTS)
          .allMatch(text -> text.startsWith(part.task().name() + " prompt "));
      if (part.task().name().equals("b")) {
        assertThat(part.texts().subList(0, 3)).doesNotHaveDuplicates();
        assertThat(part.texts().subList(3, 5)).isEqualTo(part.texts().subList(0, 2));
      } else {
        assertThat(part.texts()).doesNotHaveDuplicates();
      }
    }
  }

  @Test
  @DisplayName("pair checkpoints with prompts anew each epoch, and draw all prompts alike")
  void pairing() {
    // given what the checkpoint a0 is paired with in 200 epochs
    List<List<String>> drawn =
        items(sampler(TaskMixing.OFF, 1), 0, 9 * 200).stream()
            .map(item -> item.parts().get(0))
            .filter(part -> checkpoint(part).equals("a0"))
            .map(Part::texts)
            .toList();
    // then
    assertThat(drawn).hasSize(200).doesNotHaveDuplicates();
    var counts =
        drawn.stream()
            .flatMap(List::stream)
            .collect(Collectors.groupingBy(t -> t, Collectors.counting()));
    assertThat(counts).hasSize(40); // 25 times each on average, with a deviation of 4.7
    assertThat(counts.values()).allMatch(count -> count > 5 && count < 50);
  }

  @Test
  @DisplayName("are mixed as often as asked, of 2 to so many data sets")
  void mixed() {
    // given shares so even that no data set is left without a prompt
    TaskMixing mixing = new TaskMixing(0.5, 3, 1000);
    // when
    List<TrainingItem> items = items(sampler(mixing, 3), 0, 4000);
    // then
    long[] counts = new long[4];
    items.forEach(item -> counts[item.parts().size()]++);
    assertThat(counts[1] / 4000.0).isCloseTo(0.5, within(0.04)); // 5 standard deviations
    assertThat(counts[2] / 4000.0).isCloseTo(0.25, within(0.035));
    assertThat(counts[3] / 4000.0).isCloseTo(0.25, within(0.035));
  }

  @Test
  @DisplayName("that are mixed take the shares which their prompts realise")
  void shares() {
    List<TrainingItem> items = items(sampler(new TaskMixing(1, 5, 0.5), 3), 0, 500);
    for (TrainingItem item : items) {
      Set<String> names = new TreeSet<>();
      int count = 0;
      for (Part part : item.parts()) {
        names.add(part.task().name());
        count += part.texts().size();
        assertThat(part.texts()).isNotEmpty().allMatch(t -> t.startsWith(part.task().name()));
        assertThat(part.share()).isEqualTo(part.texts().size() / (double) PROMPTS);
        assertThat(part.checkpointIndex()).isBetween(0, part.task().checkpoints().size() - 1);
      }
      assertThat(names).hasSize(item.parts().size());
      assertThat(count).isEqualTo(PROMPTS);
    }
    // with such uneven shares some data sets drop out
    assertThat(items).anyMatch(item -> item.parts().size() == 1);
    assertThat(items).anyMatch(item -> item.parts().size() == 3);
  }

  @Test
  @DisplayName("of a single data set are not mixed")
  void nothingToMix() {
    ItemSampler sampler =
        new ItemSampler(
            dataset.only("a"), ConditionForm.prompts(), new TaskMixing(1, 2, 1), PROMPTS, 0);
    assertThat(items(sampler, 0, 20)).allMatch(item -> item.parts().size() == 1);
    assertThatThrownBy(() -> sampler.item(-1)).isInstanceOf(InvalidInputException.class);
  }

  @Test
  @DisplayName("get whole numbers of prompts by the largest remainders")
  void largestRemainders() {
    assertThat(ItemSampler.wholeNumbers(new double[] {0.5, 0.3, 0.2}, 16))
        .containsExactly(8, 5, 3); // 8, 4.8 and 3.2
    assertThat(ItemSampler.wholeNumbers(new double[] {0.34, 0.33, 0.33}, 4))
        .containsExactly(2, 1, 1); // 1.36, 1.32 and 1.32
    assertThat(ItemSampler.wholeNumbers(new double[] {0.99, 0.01}, 16)).containsExactly(16, 0);
    assertThat(ItemSampler.wholeNumbers(new double[] {1, 0}, 16)).containsExactly(16, 0);
  }

  @Test
  @DisplayName("draw shares whose mean and variance are the Dirichlet distribution's")
  void dirichlet() {
    for (double concentration : new double[] {0.01, 0.5, 1, 3}) {
      // given
      RandomGenerator random = Randoms.of(1, 0, Randoms.Purpose.MIXING);
      int draws = 20_000;
      double[] first = new double[draws];
      // when
      for (int i = 0; i < draws; i++) {
        double[] shares = Randoms.dirichlet(3, concentration, random);
        assertThat(Arrays.stream(shares).sum()).isCloseTo(1, within(1e-12));
        first[i] = shares[0];
      }
      // then
      double mean = Arrays.stream(first).average().orElseThrow();
      double variance = Arrays.stream(first).map(x -> (x - mean) * (x - mean)).sum() / draws;
      assertThat(mean).isCloseTo(1.0 / 3, within(0.02));
      assertThat(variance).isCloseTo(2.0 / 9 / (3 * concentration + 1), within(0.01));
    }
  }

  @Test
  @DisplayName("are not mixed with impossible settings")
  void impossible() {
    assertThatThrownBy(() -> new TaskMixing(-0.1, 2, 1)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> new TaskMixing(Double.NaN, 2, 1))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> new TaskMixing(0.5, 1, 1)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> new TaskMixing(0.5, 2, 0)).isInstanceOf(InvalidInputException.class);
  }
}
