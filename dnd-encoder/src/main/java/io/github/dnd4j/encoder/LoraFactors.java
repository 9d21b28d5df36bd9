package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The LoRA matrices of one dense map. Those of all its modules stand in one pair, B as blocks along
 * the diagonal, so that the map's weight changes by {@code (up * down)^T} whatever its modules are.
 * Owns the pair.
 */
final class LoraFactors implements AutoCloseable {

  private final LoraPlace place;
  private final INDArray down;
  private final INDArray up;

  LoraFactors(LoraPlace place) {
    this.place = place;
    down = HostFloats.uninitialized(place.ranks(), place.in());
    up = HostFloats.uninitialized(place.out(), place.ranks());
    up.assign(0);
  }

  LoraPlace place() {
    return place;
  }

  /** A of all modules, {@code [ranks, in]}. */
  INDArray down() {
    return down;
  }

  /** B of all modules times their scales, {@code [out, ranks]}. */
  INDArray up() {
    return up;
  }

  /** Takes the matrices of its modules from those of the whole adapter. */
  void set(LoraParameters parameters) {
    place.parts().forEach(part -> set(part, parameters));
  }

  private void set(LoraPart part, LoraParameters parameters) {
    float[] values = parameters.values();
    int a = parameters.startOf(part.index());
    int b = parameters.startOfB(part.index());
    int in = part.module().in();
    HostFloats.of(down).write((long) part.firstRank() * in, values, a, b - a);
    int rank = part.module().rank();
    float[] row = new float[rank];
    HostFloats floats = HostFloats.of(up);
    for (int i = 0; i < part.module().out(); i++) {
      for (int r = 0; r < rank; r++) {
        row[r] = (float) (values[b + i * rank + r] * part.scale());
      }
      floats.write((part.firstColumn() + i) * up.size(1) + part.firstRank(), row, 0, rank);
    }
  }

  /**
   * Computes the map's weight with the adapter: {@code merged = base + (up * down)^T}.
   *
   * @param base {@code [in, out]}
   * @param merged likewise, to be filled
   */
  void merge(INDArray base, INDArray merged) {
    Products.multiply(down, true, up, true, merged);
    merged.addi(base);
  }

  @Override
  public void close() {
    down.close();
    up.close();
  }
}
