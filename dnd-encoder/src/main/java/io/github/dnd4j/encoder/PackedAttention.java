package io.github.dnd4j.encoder;

import io.github.dnd4j.encoder.SmallProducts.Matrix;
import io.github.dnd4j.internal.HostFloats;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Multi-head self-attention of texts without padding, {@code softmax(Q K^T / sqrt d) V} per head,
 * and its gradient. Heads of texts are worked on at the same time, each by one core.
 */
final class PackedAttention {

  private final int heads;
  private final int headSize;
  private final int width;
  private final float scale;

  /** Copies of tensors in the Java heap, kept for the next batch. */
  private float[] queryKeyValue = {};

  private float[] context = {};
  private float[] gradient = {};

  PackedAttention(int heads, int headSize) {
    this.heads = heads;
    this.headSize = headSize;
    this.width = heads * headSize;
    this.scale = (float) (1 / Math.sqrt(headSize));
  }

  /** Work on one head of one text. */
  @FunctionalInterface
  private interface HeadWork {
    /**
     * Does it.
     *
     * @param head the head
     * @param row the text's first row
     * @param length its rows
     * @param square where the head's scores begin
     */
    void on(int head, int row, int length, int square);
  }

  private void forEachHead(TokenBatch batch, HeadWork work) {
    int[] squares = batch.squareStarts();
    IntStream.range(0, batch.texts() * heads)
        .parallel()
        .forEach(
            task -> {
              int text = task / heads;
              int head = task % heads;
              int length = batch.length(text);
              int square = heads * squares[text] + head * length * length;
              work.on(head, batch.starts()[text], length, square);
            });
  }

  /** How many probabilities a batch has. */
  int probabilities(TokenBatch batch) {
    return Math.multiplyExact(heads, batch.squareStarts()[batch.texts()]);
  }

  /**
   * The attention of a batch.
   *
   * @param batch the texts
   * @param input query, key and value, {@code [rows, 3C]}
   * @param probabilities where to keep the softmax for the gradient, or an empty array
   * @param output {@code [rows, C]}, to be filled
   */
  void apply(TokenBatch batch, INDArray input, float[] probabilities, INDArray output) {
    queryKeyValue = copyOf(input, queryKeyValue);
    context = room(output, context);
    forEachHead(
        batch,
        (head, row, length, square) -> {
          Matrix softmax =
              probabilities.length == 0
                  ? new Matrix(new float[length * length], 0, length)
                  : new Matrix(probabilities, square, length);
          Matrix keys = SmallProducts.transposed(length, headSize, part(1, head, row));
          SmallProducts.multiply(length, length, headSize, part(0, head, row), keys, softmax);
          softmax(softmax, length);
          SmallProducts.multiply(
              length, headSize, length, softmax, part(2, head, row), in(context, head, row));
        });
    HostFloats.of(output).write(0, context, 0, batch.rows() * width);
  }

  /** The query (0), key (1) or value (2) of a head in the copy of the input. */
  private Matrix part(int which, int head, int row) {
    return inThree(queryKeyValue, which, head, row);
  }

  private Matrix inThree(float[] values, int which, int head, int row) {
    return new Matrix(values, row * 3 * width + which * width + head * headSize, 3 * width);
  }

  private Matrix in(float[] values, int head, int row) {
    return new Matrix(values, row * width + head * headSize, width);
  }

  private void softmax(Matrix scores, int length) {
    float[] values = scores.values();
    for (int from = scores.at(), i = 0; i < length; i++, from += length) {
      float largest = Float.NEGATIVE_INFINITY;
      for (int j = from; j < from + length; j++) {
        largest = Math.max(largest, values[j]);
      }
      float sum = 0;
      for (int j = from; j < from + length; j++) {
        values[j] = (float) Math.exp((values[j] - largest) * scale);
        sum += values[j];
      }
      float factor = 1 / sum;
      for (int j = from; j < from + length; j++) {
        values[j] *= factor;
      }
    }
  }

  /**
   * The gradient of {@link #apply}.
   *
   * @param batch the texts
   * @param input what it was given, {@code [rows, 3C]}
   * @param probabilities what it kept
   * @param outputGradient the gradient of what it gave, {@code [rows, C]}
   * @param inputGradient {@code [rows, 3C]}, to be filled
   */
  void backward(
      TokenBatch batch,
      INDArray input,
      float[] probabilities,
      INDArray outputGradient,
      INDArray inputGradient) {
    queryKeyValue = copyOf(input, queryKeyValue);
    context = copyOf(outputGradient, context);
    gradient = room(inputGradient, gradient);
    forEachHead(
        batch,
        (head, row, length, square) ->
            headBackward(head, row, length, new Matrix(probabilities, square, length)));
    HostFloats.of(inputGradient).write(0, gradient, 0, batch.rows() * 3 * width);
  }

  private void headBackward(int head, int row, int length, Matrix softmax) {
    Matrix contextGradient = in(context, head, row);
    Matrix scores = new Matrix(new float[length * length], 0, length);
    Matrix values = SmallProducts.transposed(length, headSize, part(2, head, row));
    SmallProducts.multiply(length, length, headSize, contextGradient, values, scores);
    softmaxBackward(softmax, length, scores);

    SmallProducts.multiply(
        length, headSize, length, scores, part(1, head, row), inThree(gradient, 0, head, row));
    SmallProducts.multiply(
        length,
        headSize,
        length,
        SmallProducts.transposed(length, length, scores),
        part(0, head, row),
        inThree(gradient, 1, head, row));
    SmallProducts.multiply(
        length,
        headSize,
        length,
        SmallProducts.transposed(length, length, softmax),
        contextGradient,
        inThree(gradient, 2, head, row));
  }

  /** Turns the gradient of the softmax p into that of the scores: {@code p (g - sum(p g))}. */
  private void softmaxBackward(Matrix softmax, int length, Matrix gradients) {
    float[] p = softmax.values();
    float[] g = gradients.values();
    for (int i = 0; i < length; i++) {
      int row = softmax.at() + i * length;
      int from = i * length;
      float sum = 0;
      for (int j = 0; j < length; j++) {
        sum += p[row + j] * g[from + j];
      }
      for (int j = 0; j < length; j++) {
        g[from + j] = p[row + j] * (g[from + j] - sum) * scale;
      }
    }
  }

  private static float[] room(INDArray tensor, float[] before) {
    int length = Math.toIntExact(tensor.length());
    return before.length < length ? new float[length + length / 8] : before;
  }

  private static float[] copyOf(INDArray tensor, float[] before) {
    float[] values = room(tensor, before);
    HostFloats.of(tensor).read(0, values, 0, (int) tensor.length());
    return values;
  }
}
