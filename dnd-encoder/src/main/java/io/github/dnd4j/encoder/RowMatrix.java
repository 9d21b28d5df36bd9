package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Memory for a matrix of a fixed width whose rows change from batch to batch. It grows when it must
 * and is used again otherwise.
 */
final class RowMatrix implements AutoCloseable {

  private final int width;
  private INDArray memory;
  private INDArray view;

  RowMatrix(int width) {
    this.width = width;
  }

  /**
   * The matrix, of undefined content if it has another size than the last time.
   *
   * @param rows how many rows it is to have
   * @return {@code [rows, width]}; belongs to this object, until it is asked for another size
   */
  INDArray rows(int rows) {
    if (memory == null || memory.size(0) < rows) {
      close();
      // A little more than needed, as the next batch may be a little larger.
      memory = HostFloats.uninitialized(rows + rows / 8L, width);
    }
    if (view == null || view.size(0) != rows) {
      view = Views.of(memory, 0, rows, width);
    }
    return view;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
      view = null;
    }
  }
}
