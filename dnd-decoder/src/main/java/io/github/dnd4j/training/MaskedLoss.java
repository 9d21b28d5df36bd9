package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The training loss: the mean over all cells that hold a weight of {@code criterion[token] *
 * (output - target)^2}. Cells whose target is NaN hold none. Source: the reference implementation
 * of Drag-and-Drop LLMs (arXiv 2506.16406).
 *
 * <p>Sums are taken in float64 and in a fixed order, so that equal inputs give equal losses.
 */
final class MaskedLoss {

  /** Tokens that one task works on. */
  private static final int BLOCK = 64;

  private final float[] criterion;

  MaskedLoss(CriterionWeights criterion) {
    this.criterion = criterion.toArray();
  }

  /**
   * What a batch gave.
   *
   * @param loss the weighted mean of squared errors
   * @param generatedL2 the mean square of the output's cells
   * @param realL2 the mean square of the target's
   * @param cells how many cells hold a weight
   */
  record Result(double loss, double generatedL2, double realL2, long cells) {}

  /** Sums over the cells of some tokens. */
  private record Sums(double error, double generated, double real, long cells) {

    Sums plus(Sums other) {
      return new Sums(
          error + other.error, generated + other.generated, real + other.real, cells + other.cells);
    }
  }

  /**
   * The loss of a batch.
   *
   * @param output {@code [B, T, h, w]}
   * @param targets likewise, NaN where there is no weight
   */
  Result of(INDArray output, INDArray targets) {
    Sums sums =
        blocks(output, targets, Block::sums).stream().reduce(new Sums(0, 0, 0, 0), Sums::plus);
    return new Result(
        sums.error() / sums.cells(),
        sums.generated() / sums.cells(),
        sums.real() / sums.cells(),
        sums.cells());
  }

  /**
   * Overwrites a batch's output with a gradient.
   *
   * @param output {@code [B, T, h, w]}, becomes the gradient of {@code share * loss}
   * @param targets likewise, NaN where there is no weight
   * @param cells how many cells hold one
   * @param share what part of a step's loss this batch is
   */
  void toGradient(INDArray output, INDArray targets, long cells, double share) {
    double factor = 2 * share / cells;
    blocks(output, targets, block -> block.writeGradient(factor));
  }

  private <T> List<T> blocks(
      INDArray output, INDArray targets, java.util.function.Function<Block, T> work) {
    int tokens = Math.toIntExact(output.size(0) * output.size(1));
    IntFunction<T> one =
        i -> work.apply(new Block(output, targets, i * BLOCK, Math.min(tokens, (i + 1) * BLOCK)));
    return IntStream.range(0, (tokens + BLOCK - 1) / BLOCK).parallel().mapToObj(one).toList();
  }

  /** Some tokens of a batch in the Java heap. */
  private final class Block {

    private final HostFloats outputHost;
    private final int first;
    private final int cellsPerToken;
    private final float[] output;
    private final float[] target;

    Block(INDArray outputs, INDArray targets, int from, int to) {
      cellsPerToken = Math.toIntExact(outputs.size(2) * outputs.size(3));
      first = from;
      outputHost = HostFloats.of(outputs);
      output = new float[(to - from) * cellsPerToken];
      target = new float[output.length];
      outputHost.read((long) from * cellsPerToken, output, 0, output.length);
      HostFloats.of(targets).read((long) from * cellsPerToken, target, 0, target.length);
    }

    private float weightOf(int cell) {
      return criterion[(first + cell / cellsPerToken) % criterion.length];
    }

    Sums sums() {
      double error = 0;
      double generated = 0;
      double real = 0;
      long cells = 0;
      for (int i = 0; i < output.length; i++) {
        if (!Float.isNaN(target[i])) {
          double difference = (double) output[i] - target[i];
          error += weightOf(i) * difference * difference;
          generated += (double) output[i] * output[i];
          real += (double) target[i] * target[i];
          cells++;
        }
      }
      return new Sums(error, generated, real, cells);
    }

    Void writeGradient(double factor) {
      for (int i = 0; i < output.length; i++) {
        output[i] =
            Float.isNaN(target[i])
                ? 0
                : (float) (factor * weightOf(i) * ((double) output[i] - target[i]));
      }
      outputHost.write((long) first * cellsPerToken, output, 0, output.length);
      return null;
    }
  }
}
