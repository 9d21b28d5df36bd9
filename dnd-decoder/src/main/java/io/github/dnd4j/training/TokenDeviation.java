package io.github.dnd4j.training;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The standard deviation of every cell of weight tokens over checkpoints, in one pass by Welford's
 * method, so that only one checkpoint is in memory at a time. Cells that are NaN stay so.
 */
final class TokenDeviation implements AutoCloseable {

  private INDArray mean;
  private INDArray squares;
  private int count;

  /** Takes in a checkpoint's tokens, {@code [T, h, w]}, which stay the caller's. */
  void add(INDArray tokens) {
    count++;
    if (count == 1) {
      mean = tokens.dup('c');
      squares = tokens.sub(tokens); // zeros, and NaN where there is no weight
      return;
    }
    try (INDArray before = tokens.sub(mean);
        INDArray step = before.div(count)) {
      mean.addi(step);
      try (INDArray after = tokens.sub(mean)) {
        squares.addi(before.muli(after));
      }
    }
  }

  /** The tokens' criterion weights; see {@link CriterionWeights} for the formula. */
  float[] weights() {
    if (count < 2) {
      throw new InvalidInputException(
          "criterion weights need at least two checkpoints, but there are " + count);
    }
    try (INDArray deviation = Transforms.sqrt(squares.div(count), false)) {
      return weights(deviation);
    }
  }

  private static float[] weights(INDArray deviation) {
    int tokens = (int) deviation.size(0);
    double[] means = new double[tokens];
    double sum = 0;
    long cells = 0;
    float[] token = new float[(int) (deviation.length() / tokens)];
    HostFloats values = HostFloats.of(deviation);
    for (int t = 0; t < tokens; t++) {
      values.read((long) t * token.length, token, 0, token.length);
      double tokenSum = 0;
      int tokenCells = 0;
      for (float cell : token) {
        if (!Float.isNaN(cell)) {
          tokenSum += cell;
          tokenCells++;
        }
      }
      means[t] = tokenSum / tokenCells;
      sum += tokenSum;
      cells += tokenCells;
    }
    return scaled(means, sum, cells);
  }

  private static float[] scaled(double[] means, double sum, long cells) {
    if (sum == 0) {
      throw new InvalidInputException(
          "all checkpoints are the same: criterion weights say where they differ");
    }
    float[] weights = new float[means.length];
    for (int t = 0; t < weights.length; t++) {
      weights[t] = (float) (means[t] / sum * cells);
    }
    return weights;
  }

  @Override
  public void close() {
    if (count > 0) {
      mean.close();
      squares.close();
    }
  }
}
