package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TextPair;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The neighbours of a data set")
class PromptNeighboursTest {

  @Test
  @DisplayName("are in the order of their prompts' similarity")
  void order() {
    // given
    ExperimentSet birds = set("birds", "How do birds fly?", "What do eagles eat?");
    ExperimentSet insects = set("insects", "How do bees fly?", "What do butterflies eat?");
    ExperimentSet tax = set("tax", "When is income tax due?", "Who may deduct expenses?");
    ExperimentSet fish = set("fish", "How do trout swim?", "Where do salmon spawn?");
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2()) {
      // when
      List<String> order = new PromptNeighbours(encoder).order(birds, List.of(tax, fish, insects));
      // then
      assertThat(order).containsExactly("insects", "fish", "tax");
    }
  }

  private static ExperimentSet set(String name, String... prompts) {
    List<TextPair> pairs = List.of(new TextPair("a", "b"), new TextPair("c", "d"));
    TuningTask whole = new TuningTask(name, pairs, List.of(prompts), Path.of(name));
    return new ExperimentSet(whole, new RetrievalTask(name, pairs), false, 1);
  }
}
