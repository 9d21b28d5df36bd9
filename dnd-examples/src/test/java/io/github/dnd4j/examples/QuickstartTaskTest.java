package io.github.dnd4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The quickstart's task")
class QuickstartTaskTest {

  @Test
  @DisplayName("shares its questions between those that prompts come from and those that are asked")
  void halves() {
    // when
    QuickstartTask task = QuickstartTask.read(0);
    // then
    List<String> questions = task.task().questions();
    List<String> asked = task.asked().stream().map(questions::get).toList();
    assertThat(task.size()).isEqualTo(221);
    assertThat(task.pool()).hasSize(111).doesNotContainAnyElementsOf(asked);
    assertThat(asked).hasSize(110).doesNotHaveDuplicates();
    List<String> both = new ArrayList<>(task.pool());
    both.addAll(asked);
    assertThat(both).containsExactlyInAnyOrderElementsOf(questions);
  }

  @Test
  @DisplayName("shares them as the seed says")
  void seeds() {
    assertThat(QuickstartTask.read(7)).isEqualTo(QuickstartTask.read(7));
    assertThat(QuickstartTask.read(7).asked()).isNotEqualTo(QuickstartTask.read(8).asked());
  }

  @Test
  @DisplayName("has unrelated prompts enough for draws that differ, none of them its own")
  void unrelated() {
    QuickstartTask task = QuickstartTask.read(0);
    Set<String> own = new HashSet<>(task.task().questions());
    own.addAll(task.task().answers());
    assertThat(task.unrelated())
        .hasSizeGreaterThanOrEqualTo(32)
        .doesNotHaveDuplicates()
        .doesNotContainAnyElementsOf(own);
  }
}
