package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.HostFloats;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How near the prompts of data sets are to each other: the cosine similarity of the means of their
 * embeddings.
 */
final class PromptNeighbours {

  private final SentenceEncoder encoder;
  private final Map<String, double[]> means = new HashMap<>();

  PromptNeighbours(SentenceEncoder encoder) {
    this.encoder = encoder;
  }

  /** The others' names, the nearest first. */
  List<String> order(ExperimentSet set, List<ExperimentSet> others) {
    Map<String, Double> similarities = new HashMap<>();
    others.forEach(other -> similarities.put(other.name(), cosine(mean(set), mean(other))));
    return others.stream()
        .map(ExperimentSet::name)
        .sorted((a, b) -> Double.compare(similarities.get(b), similarities.get(a)))
        .toList();
  }

  private double[] mean(ExperimentSet set) {
    return means.computeIfAbsent(set.name(), name -> mean(set.prompts()));
  }

  private double[] mean(List<String> prompts) {
    try (INDArray embeddings = encoder.embed(prompts, RetrievalScore.MAX_TOKENS)) {
      float[] values = HostFloats.toArray(embeddings);
      double[] mean = new double[encoder.dimension()];
      for (int i = 0; i < values.length; i++) {
        mean[i % mean.length] += values[i] / (double) prompts.size();
      }
      return mean;
    }
  }

  private static double cosine(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
