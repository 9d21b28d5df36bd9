package io.github.dnd4j.lora;

/**
 * How the numbers of an adapter or a decoder are stored in a file. In memory those of an adapter
 * are always float32.
 */
public enum WeightPrecision {
  /** IEEE single precision, 4 bytes a number: exactly what is in memory. */
  F32,
  /** IEEE half precision, 2 bytes a number. */
  F16,
  /** bfloat16, 2 bytes a number: what the reference implementation and most adapters use. */
  BF16
}
