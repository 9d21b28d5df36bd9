package io.github.dnd4j.encoder;

/** {@code y = x * weight^T + bias}. */
final class PackedDense implements AutoCloseable {

  private final PackedMatrix weight;
  private final float[] bias;

  /**
   * Makes one.
   *
   * @param weight {@code [out, in]}; this owns it
   * @param bias of {@code out} numbers, or null if there is none
   */
  PackedDense(PackedMatrix weight, float[] bias) {
    this.weight = weight;
    this.bias = bias;
  }

  PackedMatrix weight() {
    return weight;
  }

  float[] bias() {
    return bias;
  }

  @Override
  public void close() {
    weight.close();
  }
}
