package io.github.dnd4j.training;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What one training step is made with. Whoever holds it closes it.
 *
 * @param conditions FLOAT {@code [B, N, L, C]}
 * @param targets FLOAT {@code [B, T, h, w]}, NaN where there is no weight
 */
record TrainingBatch(INDArray conditions, INDArray targets) implements AutoCloseable {

  @Override
  public void close() {
    conditions.close();
    targets.close();
  }
}
