package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.encoder.SmallProducts.Matrix;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Products of small matrices")
class SmallProductsTest {

  /** Row strides that are larger than the matrices, as heads have them that are side by side. */
  private static Matrix random(int rows, int columns, long seed) {
    Random random = new Random(seed);
    int stride = columns + 3;
    float[] values = new float[2 + rows * stride];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Matrix(values, 2, stride);
  }

  private static float at(Matrix matrix, int columns, int i, int j) {
    return matrix.values()[matrix.at() + i * (columns + 3) + j];
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "5, 7, 3", "4, 8, 16", "9, 32, 33", "18, 20, 6"})
  @DisplayName("are sums of products, whatever their sizes")
  void product(int m, int n, int k) {
    Matrix a = random(m, k, 1);
    Matrix b = random(k, n, 2);
    Matrix c = random(m, n, 3);
    float[] before = c.values().clone();

    SmallProducts.multiply(m, n, k, a, b, c);

    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double expected = 0;
        for (int p = 0; p < k; p++) {
          expected += (double) at(a, k, i, p) * at(b, n, p, j);
        }
        assertThat((double) at(c, n, i, j)).isCloseTo(expected, within(2e-5));
      }
      // What lies between the rows is not the matrix's.
      assertThat(at(c, n, i, n)).isEqualTo(before[2 + i * (n + 3) + n]);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "33, 8"})
  @DisplayName("take transposed copies")
  void transposed(int rows, int columns) {
    Matrix matrix = random(rows, columns, 4);

    Matrix result = SmallProducts.transposed(rows, columns, matrix);

    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        assertThat(result.values()[result.at() + j * rows + i])
            .isEqualTo(at(matrix, columns, i, j));
      }
    }
  }
}
