package io.github.dnd4j.training;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a training step works on; its owner closes it.
 *
 * @param conditions {@code [B, N, L, C]}
 * @param targets {@code [B, T, h, w]}, NaN where there is no weight
 */
record TrainingBatch(INDArray conditions, INDArray targets) implements AutoCloseable {

  @Override
  public void close() {
    conditions.close();
    targets.close();
  }
}
