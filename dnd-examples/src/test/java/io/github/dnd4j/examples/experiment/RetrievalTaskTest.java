package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.TextPair;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A retrieval task")
class RetrievalTaskTest {

  @Test
  @DisplayName("is selected by a seed")
  void seeded() {
    // when
    RetrievalTask task = RetrievalTask.select("numbers", pairs(0, 100), 10, 7);
    // then
    assertThat(task.pairs()).hasSize(10).isSubsetOf(pairs(0, 100));
    assertThat(RetrievalTask.select("numbers", pairs(0, 100), 10, 7)).isEqualTo(task);
    assertThat(RetrievalTask.select("numbers", pairs(0, 100), 10, 8)).isNotEqualTo(task);
    assertThat(RetrievalTask.select("numbers", pairs(0, 5), 10, 7).pairs()).hasSize(5);
  }

  @Test
  @DisplayName("has no answer twice, for accuracy@1 would be undefined")
  void distinctAnswers() {
    // given
    List<TextPair> pairs = new ArrayList<>(pairs(0, 10));
    IntStream.range(0, 10).forEach(i -> pairs.add(new TextPair("again " + i, "ANSWER  " + i)));
    // when
    RetrievalTask task = RetrievalTask.select("numbers", pairs, 500, 0);
    // then
    assertThat(task.answers()).hasSize(10);
    assertThatThrownBy(() -> new RetrievalTask("numbers", pairs))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("numbers")
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> RetrievalTask.select("numbers", pairs(0, 1), 5, 0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least two");
  }

  @Test
  @DisplayName("of a file of its own takes what is in both files from tuning")
  void ofFiles() {
    // given
    RetrievalPairs tuning = of(pairs(0, 20));
    RetrievalPairs test = of(pairs(15, 40));
    // when
    RetrievalSplit split = RetrievalSplit.ofFiles("numbers", tuning, test, 10, 0);
    // then even if the question was not selected
    assertThat(split.tuning()).isEqualTo(pairs(0, 15));
    assertThat(split.test().pairs()).hasSize(10).isSubsetOf(pairs(15, 40));
  }

  @Test
  @DisplayName("of one file leaves the other half to tuning")
  void ofHalves() {
    // when
    RetrievalSplit split = RetrievalSplit.ofHalves("numbers", of(pairs(0, 41)), 500, 3);
    // then
    assertThat(split.test().pairs()).hasSize(20);
    assertThat(split.tuning()).hasSize(21);
    Set<TextPair> all = new HashSet<>(split.tuning());
    all.addAll(split.test().pairs());
    assertThat(all).isEqualTo(Set.copyOf(pairs(0, 41)));
    assertThat(RetrievalSplit.ofHalves("numbers", of(pairs(0, 41)), 500, 3)).isEqualTo(split);
  }

  private static RetrievalPairs of(List<TextPair> pairs) {
    return new RetrievalPairs(pairs, 0, 0, 0, 0);
  }

  private static List<TextPair> pairs(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> new TextPair("question " + i, "answer " + i))
        .toList();
  }
}
