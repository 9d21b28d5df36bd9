package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * T5's relative positions (Raffel et al., arXiv 1910.10683), which are MPNet's, too: each head adds
 * to the score of a query and a key a number that it has learned for the distance between them.
 * Distances share buckets: half of these are for keys after the query, half for the others. Of a
 * half, the first half is for one short distance each, and the others for ranges that grow like a
 * logarithm up to the largest distance; the last one is for all that is farther away.
 */
final class RelativePositions {

  private final int buckets;
  private final int maxDistance;
  private final int heads;

  /** {@code [buckets, heads]}. */
  private final float[] bias;

  /**
   * Makes positions.
   *
   * @param buckets how many there are, at least 4
   * @param maxDistance from which on distances share the last bucket, more than a quarter of the
   *     buckets
   * @param bias what is added, {@code [buckets, heads]}
   */
  RelativePositions(int buckets, int maxDistance, float[] bias) {
    this.buckets = buckets;
    this.maxDistance = maxDistance;
    this.heads = bias.length / buckets;
    this.bias = bias;
  }

  /**
   * The bucket of a distance. Computed in float32, as Hugging Face does it, which matters where the
   * logarithm falls on the border of two buckets.
   *
   * @param distance the key's position minus the query's
   */
  int bucket(int distance) {
    int half = buckets / 2;
    int exact = half / 2;
    int side = distance > 0 ? half : 0;
    int far = Math.abs(distance);
    if (far < exact) {
      return side + far;
    }
    float along =
        (float) Math.log((float) far / exact) / (float) Math.log((double) maxDistance / exact);
    int bucket = exact + (int) (along * (half - exact));
    return side + Math.min(bucket, half - 1);
  }

  /**
   * What is added to scores, by distance.
   *
   * @param length tokens per window
   * @return {@code [heads, 2 * length - 1]}, for the distances from {@code 1 - length} to {@code
   *     length - 1}; the caller owns it
   */
  INDArray biasByDistance(int length) {
    int distances = Math.addExact(length, length - 1);
    INDArray result = HostFloats.uninitialized(heads, distances);
    HostFloats rows = HostFloats.of(result);
    for (int head = 0; head < heads; head++) {
      rows.write((long) head * distances, biasByDistance(head, length), 0, distances);
    }
    return result;
  }

  /**
   * The same for one head, {@code [2 * length - 1]}.
   *
   * @param head the head
   * @param length tokens per window
   */
  float[] biasByDistance(int head, int length) {
    float[] row = new float[Math.addExact(length, length - 1)];
    for (int i = 0; i < row.length; i++) {
      row[i] = bias[bucket(i - (length - 1)) * heads + head];
    }
    return row;
  }
}
