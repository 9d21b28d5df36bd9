package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How well an encoder finds the answers of a {@link RetrievalTask}: the rank of each question's own
 * answer when all answers are sorted by the cosine similarity of their embeddings to the
 * question's, or the mean over several encoders' ranks.
 *
 * <pre>{@code
 * RetrievalScore bare = RetrievalScore.of(encoder, task);
 * RetrievalScore adapted = RetrievalScore.of(encoder.withAdapter(adapter), task);
 * bare.accuracy();          // with a 95 % interval
 * adapted.gainOver(bare);   // the difference in accuracy, with its paired interval
 * }</pre>
 *
 * @param rankings for each encoder the rank of each question's answer, from 1; all of the same
 *     questions
 */
public record RetrievalScore(List<List<Integer>> rankings) {

  /** How many tokens of a text count, as in tuning. */
  public static final int MAX_TOKENS = 64;

  /** Similarities that differ by less are ties: float32 embeddings are no more exact. */
  private static final double TIE = 1e-6;

  /** All intervals draw the same questions. */
  private static final long SEED = 0;

  /**
   * Checks and copies the values.
   *
   * @param rankings for each encoder the rank of each question's answer
   */
  public RetrievalScore {
    rankings = Checks.notNull(rankings, "rankings").stream().map(List::copyOf).toList();
    if (rankings.isEmpty() || rankings.get(0).isEmpty()) {
      throw new InvalidInputException("a score needs the ranks of at least one question's answer");
    }
    for (List<Integer> ranks : rankings) {
      if (ranks.size() != rankings.get(0).size()) {
        throw new InvalidInputException(
            "scores must be of the same questions, but there are "
                + ranks.size()
                + " and "
                + rankings.get(0).size());
      }
      ranks.forEach(rank -> Checks.positive(rank, "a rank"));
    }
  }

  /**
   * Scores an encoder on a task. Of each text {@value #MAX_TOKENS} tokens count. Answers whose
   * similarity is the same as the right one's (to 1e-6) rank before it.
   *
   * @param encoder the encoder; it stays the caller's
   * @param task the task
   * @return the score
   */
  public static RetrievalScore of(SentenceEncoder encoder, RetrievalTask task) {
    return ofEmbeddings(
        embed(encoder, task.questions()), embed(encoder, task.answers()), encoder.dimension());
  }

  /**
   * Scores an encoder with an adapter, as {@link #of(SentenceEncoder, RetrievalTask)}.
   *
   * @param encoder the encoder without it; it stays the caller's
   * @param adapter the adapter; it stays the caller's
   * @param task the task
   * @return the score
   */
  public static RetrievalScore of(
      SentenceEncoder encoder, LoraAdapter adapter, RetrievalTask task) {
    try (SentenceEncoder adapted = encoder.withAdapter(adapter)) {
      return of(adapted, task);
    }
  }

  private static float[] embed(SentenceEncoder encoder, List<String> texts) {
    try (INDArray embeddings = encoder.embed(texts, MAX_TOKENS)) {
      return HostFloats.toArray(embeddings);
    }
  }

  /** The score of normalised embeddings, row by row; answer i is the right one of question i. */
  static RetrievalScore ofEmbeddings(float[] questions, float[] answers, int width) {
    int count = answers.length / width;
    List<Integer> ranks = new ArrayList<>(count);
    for (int question = 0; question < count; question++) {
      ranks.add(rank(questions, answers, width, question));
    }
    return new RetrievalScore(List.of(ranks));
  }

  private static int rank(float[] questions, float[] answers, int width, int question) {
    double own = dot(questions, question, answers, question, width);
    int rank = 1;
    for (int other = 0; other < answers.length / width; other++) {
      if (other != question && !(dot(questions, question, answers, other, width) <= own - TIE)) {
        rank++;
      }
    }
    return rank;
  }

  private static double dot(float[] a, int rowOfA, float[] b, int rowOfB, int width) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += (double) a[rowOfA * width + i] * b[rowOfB * width + i];
    }
    return sum;
  }

  /**
   * The mean score of several encoders on the same questions.
   *
   * @param scores their scores, at least one
   * @return a score whose values are the means of theirs, question by question
   */
  public static RetrievalScore mean(List<RetrievalScore> scores) {
    return new RetrievalScore(scores.stream().flatMap(score -> score.rankings.stream()).toList());
  }

  /**
   * How many questions there are.
   *
   * @return their number
   */
  public int questions() {
    return rankings.get(0).size();
  }

  /**
   * Which answers were found.
   *
   * @return for each question 1 if its answer came first and 0 if not, or the share of the encoders
   *     with which it came first
   */
  public double[] hits() {
    return perQuestion(rank -> rank == 1 ? 1 : 0);
  }

  /**
   * How near to the front the answers came.
   *
   * @return for each question 1 by the rank of its answer, or the mean over the encoders
   */
  public double[] reciprocalRanks() {
    return perQuestion(rank -> 1.0 / rank);
  }

  private double[] perQuestion(IntToDoubleFunction value) {
    return IntStream.range(0, questions())
        .mapToDouble(
            question ->
                rankings.stream()
                    .mapToDouble(ranks -> value.applyAsDouble(ranks.get(question)))
                    .average()
                    .orElseThrow())
        .toArray();
  }

  /**
   * Accuracy@1: the share of questions whose answer came first.
   *
   * @return the share, with its interval
   */
  public Estimate accuracy() {
    return Estimate.ofMean(hits(), SEED);
  }

  /**
   * The mean reciprocal rank.
   *
   * @return the mean, with its interval
   */
  public Estimate meanReciprocalRank() {
    return Estimate.ofMean(reciprocalRanks(), SEED);
  }

  /**
   * By how much accuracy@1 is above another's on the same questions.
   *
   * @param other the other score
   * @return the difference, with the interval of paired differences
   * @throws InvalidInputException if the number of questions is another
   */
  public Estimate gainOver(RetrievalScore other) {
    if (other.questions() != questions()) {
      throw new InvalidInputException(
          "only scores on the same questions can be compared, not of "
              + questions()
              + " and "
              + other.questions());
    }
    double[] differences = hits();
    double[] others = other.hits();
    Arrays.setAll(differences, i -> differences[i] - others[i]);
    return Estimate.ofMean(differences, SEED);
  }
}
