package io.github.dnd4j.training;

/** Makes training batches by the numbers of their items. */
@FunctionalInterface
interface BatchSource {

  /**
   * Makes a batch of items that follow each other.
   *
   * @return the batch; the caller closes it
   */
  TrainingBatch assemble(long firstItem, int count);
}
