package io.github.dnd4j.lora;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A LoRA matrix seen as {@code [rank, columns]}: A as it is, B transposed. */
final class LoraMatrix {

  private final String name;
  private final float[] values;
  private final int rank;
  private final int columns;
  private final boolean transposed;

  private LoraMatrix(String name, float[] values, int rank, int columns, boolean transposed) {
    this.name = name;
    this.values = values;
    this.rank = rank;
    this.columns = columns;
    this.transposed = transposed;
  }

  /** A and B of a module, in token order. */
  static LoraMatrix[] bothOf(LoraModule module, LoraWeights weights) {
    return new LoraMatrix[] {
      a(module, HostFloats.toArray(weights.a())), b(module, HostFloats.toArray(weights.b()))
    };
  }

  static LoraMatrix emptyA(LoraModule module) {
    return a(module, new float[module.rank() * module.in()]);
  }

  static LoraMatrix emptyB(LoraModule module) {
    return b(module, new float[module.rank() * module.out()]);
  }

  private static LoraMatrix a(LoraModule module, float[] values) {
    return new LoraMatrix(module.path() + ".lora_A", values, module.rank(), module.in(), false);
  }

  private static LoraMatrix b(LoraModule module, float[] values) {
    return new LoraMatrix(module.path() + ".lora_B", values, module.rank(), module.out(), true);
  }

  String name() {
    return name;
  }

  int rank() {
    return rank;
  }

  int columns() {
    return columns;
  }

  float get(int row, int column) {
    return values[index(row, column)];
  }

  void set(int row, int column, float value) {
    values[index(row, column)] = value;
  }

  private int index(int row, int column) {
    return transposed ? column * rank + row : row * columns + column;
  }

  /** As it is stored: A {@code [rank, in]}, B {@code [out, rank]}; the caller closes it. */
  INDArray toTensor() {
    return transposed
        ? HostFloats.toTensor(values, columns, rank)
        : HostFloats.toTensor(values, rank, columns);
  }
}
