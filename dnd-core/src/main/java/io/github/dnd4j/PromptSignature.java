package io.github.dnd4j;

import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What prompts are about, as one vector: the mean over prompts of each prompt's direction. That is
 * the mean over its leading tokens of their hidden states' directions, scaled to unit length.
 *
 * <p>Leading tokens only, since short texts are padded, and the states of padding say more about a
 * text's length than about what is in it. Directions, since some encoders have single tokens of
 * enormous states. And the mean itself is not scaled: its product with a unit vector is the mean
 * cosine of the prompts, which is as large for a few prompts as for many.
 */
final class PromptSignature {

  private PromptSignature() {}

  /**
   * Computes the signature.
   *
   * @param condition {@code [N, L, C]}, FLOAT in 'c' order
   * @param tokens how many leading tokens count; all if there are fewer
   * @return C numbers, of a length from 0 to 1
   */
  static double[] of(INDArray condition, int tokens) {
    Checks.shape(condition, "a condition", -1, -1, -1);
    if (!HostFloats.accepts(condition)) {
      throw new InvalidInputException(
          "a condition must be FLOAT and contiguous in 'c' order, but is "
              + condition.dataType()
              + " with the strides "
              + Arrays.toString(condition.stride())
              + ": pass castTo(DataType.FLOAT).dup('c')");
    }
    HostFloats cells = HostFloats.of(condition);
    int dimension = Math.toIntExact(condition.size(2));
    long promptCells = condition.size(1) * dimension;
    float[] states = new float[Math.toIntExact(Math.min(tokens, condition.size(1)) * dimension)];
    double[] sum = new double[dimension];
    for (long prompt = 0; prompt < condition.size(0); prompt++) {
      cells.read(prompt * promptCells, states, 0, states.length);
      addDirection(sum, direction(states, dimension), 0);
    }
    for (int i = 0; i < dimension; i++) {
      sum[i] /= condition.size(0);
    }
    return sum;
  }

  private static double[] direction(float[] states, int dimension) {
    double[] values = new double[states.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = states[i];
    }
    double[] sum = new double[dimension];
    for (int token = 0; token < values.length; token += dimension) {
      addDirection(sum, values, token);
    }
    return sum;
  }

  /** Adds the unit vector of what stands at a place; that of zeros, such as padding, is none. */
  private static void addDirection(double[] sum, double[] values, int from) {
    double squares = 0;
    for (int i = 0; i < sum.length; i++) {
      squares += values[from + i] * values[from + i];
    }
    if (!Double.isFinite(squares)) {
      throw new DragAndDropException(
          "the encoder gave a hidden state that is NaN or infinite: its weights are broken");
    }
    double length = squares == 0 ? 1 : Math.sqrt(squares);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values[from + i] / length;
    }
  }
}
