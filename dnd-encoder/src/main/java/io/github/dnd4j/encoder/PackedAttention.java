package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Multi-head self-attention of texts without padding, {@code softmax(Q K^T / sqrt d + bias) V} per
 * head, and its gradient. Heads of texts are worked on at the same time, each by one core.
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
   * @param positions what is added to the scaled scores; or null
   * @param probabilities where to keep the softmax for the gradient, or an empty array
   * @param output {@code [rows, C]}, to be filled
   */
  void apply(
      TokenBatch batch,
      INDArray input,
      RelativePositions positions,
      float[] probabilities,
      INDArray output) {
    queryKeyValue = copyOf(input, queryKeyValue);
    context = room(output, context);
    forEachHead(
        batch,
        (head, row, length, square) -> {
          float[][] softmax = new float[length][length];
          float[][] keys = SmallProducts.transposed(part(1, head, row, length));
          SmallProducts.multiply(part(0, head, row, length), keys, softmax);
          float[] bias = positions == null ? null : positions.biasByDistance(head, length);
          for (int i = 0; i < length; i++) {
            softmax(softmax[i], bias, length - 1 - i);
          }
          if (probabilities.length > 0) {
            put(softmax, probabilities, square, length);
          }
          float[][] result = new float[length][headSize];
          SmallProducts.multiply(softmax, part(2, head, row, length), result);
          put(result, context, row * width + head * headSize, width);
        });
    HostFloats.of(output).write(0, context, 0, batch.rows() * width);
  }

  /** A copy of the query (0), key (1) or value (2) of a head. */
  private float[][] part(int which, int head, int row, int length) {
    return take(queryKeyValue, placeOf(which, head, row), 3 * width, length, headSize);
  }

  private int placeOf(int which, int head, int row) {
    return row * 3 * width + which * width + head * headSize;
  }

  /** Copies a matrix out of an array in which its rows are a stride apart. */
  private static float[][] take(float[] values, int at, int stride, int rows, int columns) {
    float[][] matrix = new float[rows][];
    for (int i = 0; i < rows; i++) {
      matrix[i] = Arrays.copyOfRange(values, at + i * stride, at + i * stride + columns);
    }
    return matrix;
  }

  /** The opposite of {@link #take}. */
  private static void put(float[][] matrix, float[] values, int at, int stride) {
    for (int i = 0; i < matrix.length; i++) {
      System.arraycopy(matrix[i], 0, values, at + i * stride, matrix[i].length);
    }
  }

  /** Scales the scores of a query, adds the bias, of which its own begins somewhere, and norms. */
  private void softmax(float[] scores, float[] bias, int from) {
    float factor = scale;
    if (bias != null) {
      for (int j = 0; j < scores.length; j++) {
        scores[j] = scores[j] * scale + bias[from + j];
      }
      factor = 1;
    }
    softmax(scores, factor);
  }

  private static void softmax(float[] scores, float scale) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      largest = Math.max(largest, score);
    }
    float sum = 0;
    for (int j = 0; j < scores.length; j++) {
      scores[j] = (float) Math.exp((scores[j] - largest) * scale);
      sum += scores[j];
    }
    float factor = 1 / sum;
    for (int j = 0; j < scores.length; j++) {
      scores[j] *= factor;
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
            headBackward(head, row, take(probabilities, square, length, length, length)));
    HostFloats.of(inputGradient).write(0, gradient, 0, batch.rows() * 3 * width);
  }

  private void headBackward(int head, int row, float[][] softmax) {
    int length = softmax.length;
    float[][] outer = take(context, row * width + head * headSize, width, length, headSize);
    float[][] scores = new float[length][length];
    SmallProducts.multiply(outer, SmallProducts.transposed(part(2, head, row, length)), scores);
    for (int i = 0; i < length; i++) {
      softmaxBackward(softmax[i], scores[i]);
    }
    float[][] inner = new float[length][headSize];
    SmallProducts.multiply(scores, part(1, head, row, length), inner);
    put(inner, gradient, placeOf(0, head, row), 3 * width);
    SmallProducts.multiply(SmallProducts.transposed(scores), part(0, head, row, length), inner);
    put(inner, gradient, placeOf(1, head, row), 3 * width);
    SmallProducts.multiply(SmallProducts.transposed(softmax), outer, inner);
    put(inner, gradient, placeOf(2, head, row), 3 * width);
  }

  /** Turns the gradient of the softmax p into that of the scores: {@code p (g - sum(p g))}. */
  private void softmaxBackward(float[] p, float[] g) {
    float sum = TokenOps.sumOfProducts(p, g, 0, p.length);
    for (int j = 0; j < p.length; j++) {
      g[j] = p[j] * (g[j] - sum) * scale;
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
