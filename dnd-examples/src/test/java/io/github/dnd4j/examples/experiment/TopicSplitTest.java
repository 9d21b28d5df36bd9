package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TextPair;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Splitting questions by topic")
class TopicSplitTest {

  private static final List<String> BIRDS =
      List.of(
          "What do eagles eat?",
          "How do birds fly?",
          "Why do swans have long necks?",
          "Where do storks nest in winter?");
  private static final List<String> TAXES =
      List.of("When is income tax due?", "Who may deduct expenses?", "What is value added tax?");

  @Test
  @DisplayName(
      "puts questions of one topic together, the largest topic first, each with its answer")
  void topics() {
    // given questions of two topics, in turn
    List<TextPair> pairs =
        Stream.of(0, 1, 2, 3)
            .flatMap(i -> Stream.of(BIRDS, TAXES).filter(of -> i < of.size()).map(of -> of.get(i)))
            .map(question -> new TextPair(question, "the answer to " + question))
            .toList();
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2()) {
      for (long seed = 0; seed < 3; seed++) {
        // when
        List<List<TextPair>> topics = TopicSplit.of(encoder, pairs, 2, seed);
        // then
        assertThat(topics).hasSize(2);
        assertThat(topics.get(0))
            .extracting(TextPair::anchor)
            .containsExactlyInAnyOrderElementsOf(BIRDS);
        assertThat(topics.get(1))
            .extracting(TextPair::anchor)
            .containsExactlyInAnyOrderElementsOf(TAXES);
        assertThat(topics.stream().flatMap(List::stream))
            .allSatisfy(
                pair -> assertThat(pair.positive()).isEqualTo("the answer to " + pair.anchor()));
        // and the same again
        assertThat(TopicSplit.of(encoder, pairs, 2, seed)).isEqualTo(topics);
      }
    }
  }
}
