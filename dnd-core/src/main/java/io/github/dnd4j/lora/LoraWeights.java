package io.github.dnd4j.lora;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The two LoRA matrices of one module, both FLOAT.
 *
 * @param a the down projection, {@code [rank, in]}
 * @param b the up projection, {@code [out, rank]}
 */
public record LoraWeights(INDArray a, INDArray b) {

  /** Only for their owner. */
  void close() {
    a.close();
    b.close();
  }
}
