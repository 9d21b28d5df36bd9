package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Sentence embeddings as sentence-transformers makes them: the mean of a text's hidden states, at
 * length 1.
 */
final class MeanPooling {

  /** What sentence-transformers keeps the length of a mean from falling below. */
  private static final double SHORTEST = 1e-12;

  private final int width;
  private final float[] embeddings;
  private final double[] lengths;

  private MeanPooling(int texts, int width) {
    this.width = width;
    embeddings = new float[texts * width];
    lengths = new double[texts];
  }

  /**
   * Pools a batch.
   *
   * @param batch the texts
   * @param hidden their last hidden states, {@code [rows, C]}
   */
  static MeanPooling of(TokenBatch batch, INDArray hidden) {
    int width = (int) hidden.size(1);
    MeanPooling pooling = new MeanPooling(batch.texts(), width);
    IntStream.range(0, batch.texts()).parallel().forEach(text -> pooling.pool(batch, hidden, text));
    return pooling;
  }

  private void pool(TokenBatch batch, INDArray hidden, int text) {
    int rows = batch.length(text);
    float[] values = new float[rows * width];
    HostFloats.of(hidden).read((long) batch.starts()[text] * width, values, 0, values.length);
    double[] mean = new double[width];
    for (int i = 0; i < values.length; i++) {
      mean[i % width] += values[i];
    }
    double square = 0;
    for (int c = 0; c < width; c++) {
      mean[c] /= rows;
      square += mean[c] * mean[c];
    }
    lengths[text] = Math.max(SHORTEST, Math.sqrt(square));
    for (int c = 0; c < width; c++) {
      embeddings[text * width + c] = (float) (mean[c] / lengths[text]);
    }
  }

  /** The embeddings, one text after the other. */
  float[] embeddings() {
    return embeddings;
  }

  /**
   * The gradient of the hidden states.
   *
   * @param batch the texts
   * @param gradient of the embeddings
   * @param target {@code [rows, C]}, to be filled
   */
  void backward(TokenBatch batch, double[] gradient, INDArray target) {
    IntStream.range(0, batch.texts())
        .parallel()
        .forEach(text -> backward(batch, gradient, target, text));
  }

  /** {@code (g - e (e g)) / length}, and the same for each of the text's tokens. */
  private void backward(TokenBatch batch, double[] gradient, INDArray target, int text) {
    int from = text * width;
    double along = 0;
    for (int c = 0; c < width; c++) {
      along += gradient[from + c] * embeddings[from + c];
    }
    int rows = batch.length(text);
    float[] values = new float[rows * width];
    for (int c = 0; c < width; c++) {
      values[c] =
          (float) ((gradient[from + c] - embeddings[from + c] * along) / (lengths[text] * rows));
    }
    for (int row = 1; row < rows; row++) {
      System.arraycopy(values, 0, values, row * width, width);
    }
    HostFloats.of(target).write((long) batch.starts()[text] * width, values, 0, values.length);
  }
}
