package io.github.dnd4j.encoder;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) of queries and keys, in place: the pair
 * of the j-th and the (j + d/2)-th number of a head of size d is turned by the angle {@code
 * position * frequency(j)}. That is how Hugging Face lays out the pairs of Llama and Qwen.
 */
final class RotaryPositions {

  private final int length;
  private final AttentionShape shape;

  /** Cosine and sine of each position's angles, {@code [length, headSize / 2]}. */
  private final float[] cosines;

  private final float[] sines;

  /**
   * Computes the angles. They are rounded to float32 as in Hugging Face's implementation, with
   * which models are trained.
   *
   * @param config the frequencies
   * @param length tokens per window
   * @param shape the heads
   */
  RotaryPositions(RotaryConfig config, int length, AttentionShape shape) {
    this.length = length;
    this.shape = shape;
    float[] frequencies = config.frequencies(shape.headSize());
    int half = frequencies.length;
    cosines = new float[Math.multiplyExact(length, half)];
    sines = new float[cosines.length];
    for (int i = 0; i < cosines.length; i++) {
      int position = i / half;
      float angle = position * frequencies[i % half];
      cosines[i] = (float) Math.cos(angle);
      sines[i] = (float) Math.sin(angle);
    }
  }

  /**
   * Turns all queries and keys.
   *
   * @param queryKeyValue {@code [windows * length, (heads + 2 * keyValueHeads) * headSize]}
   * @param queryNorm what is done to each query head before, or null
   * @param keyNorm what is done to each key head before, or null
   */
  void apply(INDArray queryKeyValue, RmsNorm queryNorm, RmsNorm keyNorm) {
    RowBlocks.forEach(
        (int) queryKeyValue.size(0),
        (first, count) -> {
          float[] rows = TokenOps.read(queryKeyValue, first, count);
          for (int row = 0; row < count; row++) {
            apply(rows, row * shape.inputWidth(), (first + row) % length, queryNorm, keyNorm);
          }
          TokenOps.write(queryKeyValue, first, rows);
        });
  }

  private void apply(float[] rows, int from, int position, RmsNorm queryNorm, RmsNorm keyNorm) {
    for (int head = 0; head < shape.heads() + shape.keyValueHeads(); head++) {
      int at = from + head * shape.headSize();
      RmsNorm norm = head < shape.heads() ? queryNorm : keyNorm;
      if (norm != null) {
        norm.apply(rows, at);
      }
      turn(rows, at, position);
    }
  }

  private void turn(float[] rows, int from, int position) {
    int half = shape.headSize() / 2;
    int angle = position * half;
    for (int j = 0; j < half; j++) {
      float x = rows[from + j];
      float y = rows[from + j + half];
      float cosine = cosines[angle + j];
      float sine = sines[angle + j];
      rows[from + j] = x * cosine - y * sine;
      rows[from + j + half] = y * cosine + x * sine;
    }
  }
}
