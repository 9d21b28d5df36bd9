package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * {@link Attention} by ND4J's operations, wherever they run: one window after the other, all heads
 * at once.
 */
final class AttentionOps implements AutoCloseable {

  private final int length;
  private final AttentionShape shape;

  /** The bias of the last call, and what it adds to the scores. */
  private INDArray bias;

  private INDArray biasOfScores;

  AttentionOps(int length, AttentionShape shape) {
    this.length = length;
    this.shape = shape;
  }

  /**
   * The attention of a batch.
   *
   * @param valid for each window how many of its tokens, from the first, are no padding
   * @param queryKeyValue {@code [windows * length, (heads + 2 * keyValueHeads) * headSize]}
   * @param bias {@code [heads, 2 * length - 1]}, by distance; or null
   * @param context {@code [windows * length, heads * headSize]}, to be filled
   */
  void apply(int[] valid, INDArray queryKeyValue, INDArray bias, INDArray context) {
    INDArray added = bias == null ? null : ofScores(bias);
    for (int w = 0; w < valid.length; w++) {
      INDArray input =
          Views.of(
              queryKeyValue,
              (long) w * length * shape.inputWidth(),
              length,
              shape.inputWidth() / shape.headSize(),
              shape.headSize());
      INDArray output =
          Views.of(
              context, (long) w * length * shape.width(), length, shape.heads(), shape.headSize());
      attend(valid[w], input, added, output);
    }
  }

  /** The bias of every query and key, {@code [heads, length, length]}; all layers use the same. */
  private INDArray ofScores(INDArray byDistance) {
    if (byDistance == bias) {
      return biasOfScores;
    }
    close();
    int distances = 2 * length - 1;
    float[] from = HostFloats.toArray(byDistance);
    biasOfScores = HostFloats.uninitialized(shape.heads(), length, length);
    HostFloats rows = HostFloats.of(biasOfScores);
    for (int head = 0; head < shape.heads(); head++) {
      for (int query = 0; query < length; query++) {
        int first = head * distances + length - 1 - query;
        rows.write(((long) head * length + query) * length, from, first, length);
      }
    }
    bias = byDistance;
    return biasOfScores;
  }

  @Override
  public void close() {
    bias = null;
    if (biasOfScores != null) {
      biasOfScores.close();
      biasOfScores = null;
    }
  }

  /** One window; heads that share keys and values are one head of more rows to the products. */
  private void attend(int valid, INDArray input, INDArray bias, INDArray output) {
    int pairs = shape.keyValueHeads();
    long rows = (long) shape.group() * length;
    try (INDArray query = heads(input, 0, shape.heads());
        INDArray key = heads(input, shape.heads(), pairs);
        INDArray value = heads(input, shape.heads() + pairs, pairs);
        INDArray scores = HostFloats.uninitialized(shape.heads(), length, length);
        INDArray result = HostFloats.uninitialized(shape.heads(), length, shape.headSize());
        INDArray mask = mask(valid)) {
      INDArray shared = Views.of(scores, 0, pairs, rows, length);
      Products.multiply(
          Views.of(query, 0, pairs, rows, shape.headSize()), false, key, true, shared);
      scores.muli(shape.scale());
      if (bias != null) {
        scores.addi(bias);
      }
      scores.addi(mask);
      Nd4j.exec(new SoftMax(scores, scores, -1));
      Products.multiply(shared, value, Views.of(result, 0, pairs, rows, shape.headSize()));
      output.assign(result.permute(1, 0, 2));
    }
  }

  /** A copy of some heads, {@code [heads, length, headSize]}. */
  private INDArray heads(INDArray input, int first, int count) {
    INDArray copy = HostFloats.uninitialized(count, length, shape.headSize());
    INDArrayIndex some = NDArrayIndex.interval(first, first + count);
    return copy.assign(input.get(NDArrayIndex.all(), some, NDArrayIndex.all()).permute(1, 0, 2));
  }

  /** The lowest float where a key is hidden; any score plus that is the lowest float again. */
  private INDArray mask(int valid) {
    float[] mask = new float[length * length];
    for (int row = 0; row < length; row++) {
      int visible = shape.causal() ? Math.min(row + 1, valid) : valid;
      for (int key = visible; key < length; key++) {
        mask[row * length + key] = -Float.MAX_VALUE;
      }
    }
    return HostFloats.toTensor(mask, 1, length, length);
  }
}
