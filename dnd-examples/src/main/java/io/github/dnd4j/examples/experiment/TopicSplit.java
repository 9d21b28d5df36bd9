package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.internal.HostFloats;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.ml.clustering.Clusterable;
import org.apache.commons.math3.ml.clustering.KMeansPlusPlusClusterer;
import org.apache.commons.math3.ml.distance.EuclideanDistance;
import org.apache.commons.math3.random.JDKRandomGenerator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Splits questions by topic: k-means (with the first centres of k-means++) over the embeddings of
 * the bare encoder. More and narrower training tasks show a generator what prompts have to do with
 * weights better than a few broad ones.
 */
final class TopicSplit {

  /** Of more pairs a random selection of so many is split, which tuning does not get through. */
  static final int MOST_PAIRS = 2000;

  private static final int MOST_ITERATIONS = 100;

  private TopicSplit() {}

  /** A pair as a point in the space of its question's embeddings. */
  private static final class Point implements Clusterable {

    private final int pair;
    private final double[] embedding;

    private Point(int pair, double[] embedding) {
      this.pair = pair;
      this.embedding = embedding;
    }

    @Override
    public double[] getPoint() {
      return embedding;
    }
  }

  /**
   * The topics of pairs.
   *
   * @param encoder makes the embeddings
   * @param pairs what to split, at least as many as topics
   * @param topics how many parts
   * @param seed decides about the selection and the first centres
   * @return the pairs of each topic, the largest topic first
   */
  static List<List<TextPair>> of(
      SentenceEncoder encoder, List<TextPair> pairs, int topics, long seed) {
    List<TextPair> selected =
        RetrievalTask.shuffled(pairs, seed).subList(0, Math.min(MOST_PAIRS, pairs.size()));
    JDKRandomGenerator random = new JDKRandomGenerator();
    random.setSeed(seed);
    return new KMeansPlusPlusClusterer<Point>(
            topics, MOST_ITERATIONS, new EuclideanDistance(), random)
        .cluster(points(encoder, selected)).stream()
            .map(cluster -> cluster.getPoints().stream().map(point -> point.pair).sorted().toList())
            .sorted(Comparator.comparingInt((List<Integer> topic) -> -topic.size()))
            .map(topic -> topic.stream().map(selected::get).toList())
            .toList();
  }

  private static List<Point> points(SentenceEncoder encoder, List<TextPair> pairs) {
    List<String> texts = pairs.stream().map(TextPair::anchor).toList();
    int width = encoder.dimension();
    try (INDArray embeddings = encoder.embed(texts, RetrievalScore.MAX_TOKENS)) {
      float[] values = HostFloats.toArray(embeddings);
      return IntStream.range(0, texts.size())
          .mapToObj(i -> new Point(i, row(values, i * width, width)))
          .toList();
    }
  }

  private static double[] row(float[] values, int from, int width) {
    return IntStream.range(from, from + width).mapToDouble(i -> values[i]).toArray();
  }
}
