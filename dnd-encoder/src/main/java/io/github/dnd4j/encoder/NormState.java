package io.github.dnd4j.encoder;

/** What the gradient of a LayerNorm needs of its forward pass. */
final class NormState implements AutoCloseable {

  /** The rows after normalisation, before the affine part. */
  final RowMatrix normalized;

  /** One divided by the standard deviation, for each row. */
  float[] scales = {};

  NormState(int width) {
    normalized = new RowMatrix(width);
  }

  void prepare(int rows) {
    if (scales.length < rows) {
      scales = new float[rows + rows / 8];
    }
  }

  @Override
  public void close() {
    normalized.close();
  }
}
