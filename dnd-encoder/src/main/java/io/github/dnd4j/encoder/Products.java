package io.github.dnd4j.encoder;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Matrix products through the operations of ND4J that oneDNN computes, several times faster than
 * the BLAS behind {@link INDArray#mmul}. All matrices are of rank 2, since others do not reach it.
 */
final class Products {

  private Products() {}

  /** {@code result = x * weight + bias}. */
  static void dense(INDArray x, BertWeights.Dense dense, INDArray result) {
    Nd4j.exec(
        DynamicCustomOp.builder("xw_plus_b")
            .addInputs(x, dense.weight(), dense.bias())
            .addOutputs(result)
            .build());
  }

  /** {@code result = a * b}. */
  static void multiply(INDArray a, INDArray b, INDArray result) {
    multiply(a, false, b, false, result);
  }

  /** {@code result = a * b}, with either of them transposed first. */
  static void multiply(
      INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray result) {
    Nd4j.exec(
        DynamicCustomOp.builder("matmul")
            .addInputs(a, b)
            .addOutputs(result)
            .addIntegerArguments(transposeA ? 1 : 0, transposeB ? 1 : 0, 0)
            .build());
  }
}
