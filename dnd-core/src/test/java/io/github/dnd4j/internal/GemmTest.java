package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.openblas.presets.openblas_nolapack;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("Products of matrices anywhere in memory")
class GemmTest {

  private static final Gemm.Size SIZE = new Gemm.Size(3, 4, 5);

  @Test
  @DisplayName("are those of the definition, with either side transposed, within larger matrices")
  void products() {
    // given two matrices in the corners of larger ones
    INDArray left = Nd4j.rand(DataType.FLOAT, 3, 5);
    INDArray right = Nd4j.rand(DataType.FLOAT, 5, 4);
    try (INDArray expected = left.mmul(right);
        INDArray a = corner(left);
        INDArray b = corner(right);
        INDArray turnedA = corner(left.transpose());
        INDArray turnedB = corner(right.transpose());
        INDArray c = Nd4j.create(DataType.FLOAT, 8, 9)) {
      Gemm gemm = new Gemm();
      long to = Place.addressOf(c);
      // when, then
      gemm.multiply(SIZE, Place.addressOf(a), 9, Place.addressOf(b), 9, 0, to, 9);
      assertCorner(c, expected);
      gemm.multiply(
          SIZE.withRightTransposed(), Place.addressOf(a), 9, Place.addressOf(turnedB), 9, 0, to, 9);
      assertCorner(c, expected);
      gemm.multiply(
          SIZE.withLeftTransposed(), Place.addressOf(turnedA), 9, Place.addressOf(b), 9, 0, to, 9);
      assertCorner(c, expected);
      gemm.multiply(SIZE, Place.addressOf(a), 9, Place.addressOf(b), 9, 1, to, 9);
      assertCorner(c, expected.muli(2));
    }
  }

  private static INDArray corner(INDArray matrix) {
    INDArray whole = Nd4j.valueArrayOf(new long[] {8, 9}, 7f, DataType.FLOAT);
    for (int row = 0; row < matrix.rows(); row++) {
      for (int column = 0; column < matrix.columns(); column++) {
        whole.putScalar(row, column, matrix.getFloat(row, column));
      }
    }
    return whole;
  }

  private static void assertCorner(INDArray actual, INDArray expected) {
    for (int row = 0; row < 8; row++) {
      for (int column = 0; column < 9; column++) {
        float value = row < 3 && column < 4 ? expected.getFloat(row, column) : 0;
        assertThat(actual.getFloat(row, column))
            .as("row %d, column %d", row, column)
            .isCloseTo(value, org.assertj.core.data.Offset.offset(1e-5f));
      }
    }
  }

  @Test
  @DisplayName("use one thread of BLAS while somebody asks for that, then as many as before")
  void threads() {
    // given
    assertThat(BlasThreads.available()).isTrue();
    int before = openblas_nolapack.blas_get_num_threads();
    // when
    try (BlasThreads outer = BlasThreads.single()) {
      try (BlasThreads inner = BlasThreads.single()) {
        assertThat(openblas_nolapack.blas_get_num_threads()).isEqualTo(1);
      }
      // then
      assertThat(openblas_nolapack.blas_get_num_threads()).isEqualTo(1);
    }
    assertThat(openblas_nolapack.blas_get_num_threads()).isEqualTo(before);
  }
}
