package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TextPair;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A retrieval score")
class RetrievalScoreTest {

  @Test
  @DisplayName("is made of the ranks of the right answers")
  void ranks() {
    // given three questions and answers in the plane; the similarities are by hand
    float[] questions = {1, 0, 0, 1, 0.6f, 0.8f};
    float[] answers = {0.8f, 0.6f, 1, 0, 0.6f, 0.8f};
    // question 1: .8 1 .6; question 2: .6 0 .8; question 3: .96 .6 1
    // when
    RetrievalScore score = RetrievalScore.ofEmbeddings(questions, answers, 2);
    // then
    assertThat(score.rankings()).containsExactly(List.of(2, 3, 1));
    assertThat(score.hits()).containsExactly(0, 0, 1);
    assertThat(score.reciprocalRanks()).containsExactly(0.5, 1.0 / 3, 1);
    assertThat(score.accuracy().value()).isEqualTo(1.0 / 3, within(1e-15));
    assertThat(score.meanReciprocalRank().value()).isEqualTo(11.0 / 18, within(1e-15));
  }

  @Test
  @DisplayName("counts ties against the right answer")
  void ties() {
    // given an encoder that has the same embedding for everything
    float[] same = {1, 0, 1, 0, 1, 0};
    // when
    RetrievalScore score = RetrievalScore.ofEmbeddings(same, same, 2);
    // then
    assertThat(score.rankings()).containsExactly(List.of(3, 3, 3));
  }

  @Test
  @DisplayName("puts the right answer last where embeddings are not numbers")
  void notNumbers() {
    // given
    float[] broken = {Float.NaN, 0, Float.NaN, 0, Float.NaN, 0};
    // when
    RetrievalScore score = RetrievalScore.ofEmbeddings(broken, new float[] {1, 0, 0, 1, 1, 0}, 2);
    // then
    assertThat(score.rankings()).containsExactly(List.of(3, 3, 3));
  }

  @Test
  @DisplayName("of several encoders is their mean, question by question")
  void mean() {
    // when
    RetrievalScore mean = RetrievalScore.mean(List.of(of(1, 2, 4), of(1, 1, 2)));
    // then
    assertThat(mean.hits()).containsExactly(1, 0.5, 0);
    assertThat(mean.reciprocalRanks()).containsExactly(1, 0.75, 0.375);
    assertThat(mean.accuracy().value()).isEqualTo(0.5);
  }

  @Test
  @DisplayName("has the interval that the binomial distribution gives")
  void binomialInterval() {
    // given 120 hits of 400: a standard deviation of sqrt(.3 * .7 / 400) = .02291
    RetrievalScore score = of(IntStream.range(0, 400).map(i -> i < 120 ? 1 : 2).toArray());
    // when
    Estimate accuracy = score.accuracy();
    // then 1.96 of them to each side, as exact as 2,000 resamples and steps of 1/400 are
    assertThat(accuracy.value()).isEqualTo(0.3, within(1e-12));
    assertThat(accuracy.low()).isEqualTo(0.3 - 1.96 * 0.02291, within(0.005));
    assertThat(accuracy.high()).isEqualTo(0.3 + 1.96 * 0.02291, within(0.005));
    assertThat(score.accuracy()).as("seeded").isEqualTo(accuracy);
  }

  @Test
  @DisplayName("has a paired interval for its gain over another")
  void pairedGain() {
    // given the same 40 questions of 400 more, and else the same hits
    RetrievalScore less = of(IntStream.range(0, 400).map(i -> i < 120 ? 1 : 2).toArray());
    RetrievalScore more = of(IntStream.range(0, 400).map(i -> i < 160 ? 1 : 2).toArray());
    // when
    Estimate gain = more.gainOver(less);
    // then the differences' deviation is sqrt(.1 * .9 / 400) = .015; unpaired it were .034
    assertThat(gain.value()).isEqualTo(0.1, within(1e-12));
    assertThat(gain.low()).isEqualTo(0.1 - 1.96 * 0.015, within(0.005));
    assertThat(gain.high()).isEqualTo(0.1 + 1.96 * 0.015, within(0.005));
    assertThat(more.gainOver(more)).isEqualTo(new Estimate(0, 0, 0));
    assertThat(gain.formatSigned()).startsWith("+0.100 [+0.0").endsWith("]");
  }

  @Test
  @DisplayName("takes quantiles between order statistics, as numpy does")
  void quantiles() {
    // given, numpy.quantile([1, 2, 4, 8], [0, .025, .5, .975, 1]) = [1, 1.075, 3, 7.7, 8]
    double[] sorted = {1, 2, 4, 8};
    // then
    assertThat(Estimate.quantile(sorted, 0)).isEqualTo(1);
    assertThat(Estimate.quantile(sorted, 0.025)).isEqualTo(1.075, within(1e-12));
    assertThat(Estimate.quantile(sorted, 0.5)).isEqualTo(3);
    assertThat(Estimate.quantile(sorted, 0.975)).isEqualTo(7.7, within(1e-12));
    assertThat(Estimate.quantile(sorted, 1)).isEqualTo(8);
  }

  @Test
  @DisplayName("is compared with scores on the same questions only")
  void otherQuestions() {
    // when, then
    assertThatThrownBy(() -> of(1, 2).gainOver(of(1, 2, 3)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("2 and 3");
    assertThatThrownBy(() -> RetrievalScore.mean(List.of(of(1, 2), of(1))))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> RetrievalScore.mean(List.of()))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> of(0)).isInstanceOf(InvalidInputException.class);
  }

  @Test
  @DisplayName("of a real encoder finds answers that are plain")
  void realEncoder() {
    // given
    RetrievalTask task =
        new RetrievalTask(
            "plain",
            List.of(
                new TextPair("What do bees make?", "Bees make honey from nectar."),
                new TextPair("How do planes fly?", "The wings of a plane give it lift."),
                new TextPair("Who wrote Hamlet?", "Hamlet is a play by Shakespeare.")));
    // when
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2()) {
      RetrievalScore score = RetrievalScore.of(encoder, task);
      // then
      assertThat(score.accuracy()).isEqualTo(new Estimate(1, 1, 1));
      assertThat(score.questions()).isEqualTo(3);
    }
  }

  private static RetrievalScore of(int... ranks) {
    return new RetrievalScore(List.of(Arrays.stream(ranks).boxed().toList()));
  }
}
