package io.github.dnd4j.lora;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the numbers of one LoRA matrix are like; part of an {@link AdapterDiagnosis}.
 *
 * @param name the matrix, {@code <module path>.lora_A} or {@code .lora_B}
 * @param numbers how many numbers it holds
 * @param nans how many of them are NaN
 * @param infinities how many are infinite
 * @param norm the Frobenius norm of those that are finite
 */
public record MatrixDiagnosis(String name, long numbers, long nans, long infinities, double norm) {

  static MatrixDiagnosis of(String name, INDArray matrix) {
    float[] values = HostFloats.toArray(matrix);
    long nans = 0;
    long infinities = 0;
    double squares = 0;
    for (float value : values) {
      if (Float.isNaN(value)) {
        nans++;
      } else if (Float.isInfinite(value)) {
        infinities++;
      } else {
        squares += (double) value * value;
      }
    }
    return new MatrixDiagnosis(name, values.length, nans, infinities, Math.sqrt(squares));
  }

  /**
   * Whether a number is missing.
   *
   * @return whether one is NaN or infinite
   */
  public boolean isBroken() {
    return nans + infinities > 0;
  }

  /**
   * Whether there is nothing in it.
   *
   * @return whether all numbers are 0
   */
  public boolean isZero() {
    return norm == 0 && !isBroken();
  }
}
