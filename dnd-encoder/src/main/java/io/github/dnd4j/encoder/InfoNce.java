package io.github.dnd4j.encoder;

/**
 * The contrastive loss InfoNCE with in-batch negatives (van den Oord et al., arXiv 1807.03748), as
 * sentence-transformers' MultipleNegativesRankingLoss has it: the cross-entropy of finding each
 * anchor's own positive among the positives of all, by cosine similarity over the temperature.
 */
final class InfoNce {

  private final double loss;
  private final double accuracy;
  private final double[] gradient;

  private InfoNce(double loss, double accuracy, double[] gradient) {
    this.loss = loss;
    this.accuracy = accuracy;
    this.gradient = gradient;
  }

  /**
   * The loss of a batch.
   *
   * @param embeddings of length 1: those of all anchors, and then those of their positives
   * @param pairs how many pairs
   * @param temperature what similarities are divided by
   */
  static InfoNce of(float[] embeddings, int pairs, double temperature) {
    int width = embeddings.length / (2 * pairs);
    double[] gradient = new double[embeddings.length];
    double loss = 0;
    int right = 0;
    for (int i = 0; i < pairs; i++) {
      double[] logits = new double[pairs];
      int best = 0;
      for (int j = 0; j < pairs; j++) {
        logits[j] = dot(embeddings, i * width, (pairs + j) * width, width) / temperature;
        best = logits[j] > logits[best] ? j : best;
      }
      right += best == i ? 1 : 0;
      double logSum = logSumOfExponentials(logits, logits[best]);
      loss += (logSum - logits[i]) / pairs;
      for (int j = 0; j < pairs; j++) {
        double slope = (Math.exp(logits[j] - logSum) - (i == j ? 1 : 0)) / (pairs * temperature);
        add(gradient, i * width, slope, embeddings, (pairs + j) * width, width);
        add(gradient, (pairs + j) * width, slope, embeddings, i * width, width);
      }
    }
    return new InfoNce(loss, (double) right / pairs, gradient);
  }

  private static double dot(float[] values, int first, int second, int width) {
    double sum = 0;
    for (int c = 0; c < width; c++) {
      sum += (double) values[first + c] * values[second + c];
    }
    return sum;
  }

  private static double logSumOfExponentials(double[] logits, double largest) {
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - largest);
    }
    return largest + Math.log(sum);
  }

  private static void add(
      double[] target, int to, double factor, float[] values, int from, int width) {
    for (int c = 0; c < width; c++) {
      target[to + c] += factor * values[from + c];
    }
  }

  double loss() {
    return loss;
  }

  /** For which part of the anchors their own positive is the most similar one. */
  double accuracy() {
    return accuracy;
  }

  /** The gradient of the embeddings. */
  double[] gradient() {
    return gradient;
  }
}
