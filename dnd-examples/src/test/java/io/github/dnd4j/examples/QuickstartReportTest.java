package io.github.dnd4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.examples.experiment.RetrievalScore;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The quickstart's report")
class QuickstartReportTest {

  /** A score whose first questions are answered and whose others are not. */
  private static RetrievalScore found(int of, int questions) {
    return new RetrievalScore(
        List.of(IntStream.range(0, questions).mapToObj(i -> i < of ? 1 : 3).toList()));
  }

  private static QuickstartScores scores(int bare, int adapter, int draws, int control) {
    return new QuickstartScores(
        found(bare, 100), found(adapter, 100), found(draws, 100), found(control, 100));
  }

  @Test
  @DisplayName("says that an adapter helps only if the interval of the change is above zero")
  void adapter() {
    assertThat(QuickstartReport.ofAdapter(scores(40, 60, 0, 0)))
        .startsWith("The adapter helps")
        .contains("from 0.400 to 0.600");
    assertThat(QuickstartReport.ofAdapter(scores(40, 41, 0, 0))).contains("no clear difference");
    assertThat(QuickstartReport.ofAdapter(scores(40, 40, 0, 0))).contains("no clear difference");
    assertThat(QuickstartReport.ofAdapter(scores(40, 20, 0, 0)))
        .contains("does not help", "from 0.400 to 0.200");
  }

  @Test
  @DisplayName("says whether the prompts matter by what unrelated ones give")
  void prompts() {
    assertThat(QuickstartReport.ofPrompts(scores(40, 60, 60, 40)))
        .startsWith("The prompts matter")
        .contains("+0.200 [");
    assertThat(QuickstartReport.ofPrompts(scores(40, 60, 60, 59))).contains("not clear");
    assertThat(QuickstartReport.ofPrompts(scores(40, 60, 60, 80)))
        .contains("do not help", "-0.200 [");
  }

  @Test
  @DisplayName("counts only the questions that are asked, among the answers of all")
  void asked() {
    // given ten questions, of which the first four find their answers
    QuickstartScores all =
        new QuickstartScores(found(4, 10), found(4, 10), found(4, 10), found(4, 10));
    // when the last two of those and two others are asked
    QuickstartScores asked = all.of(List.of(2, 3, 8, 9));
    // then
    assertThat(asked.bare().rankings()).containsExactly(List.of(1, 1, 3, 3));
    assertThat(asked.control().accuracy().value()).isEqualTo(0.5);
  }
}
