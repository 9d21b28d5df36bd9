package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Products of small matrices")
class SmallProductsTest {

  private static float[][] random(int rows, int columns, long seed) {
    Random random = new Random(seed);
    float[][] matrix = new float[rows][columns];
    for (float[] row : matrix) {
      for (int j = 0; j < columns; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "5, 7, 3", "4, 8, 16", "9, 32, 33", "18, 20, 6"})
  @DisplayName("are sums of products, whatever their sizes and whatever was there before")
  void product(int m, int n, int k) {
    float[][] a = random(m, k, 1);
    float[][] b = random(k, n, 2);
    float[][] c = random(m, n, 3);

    SmallProducts.multiply(a, b, c);

    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double expected = 0;
        for (int p = 0; p < k; p++) {
          expected += (double) a[i][p] * b[p][j];
        }
        assertThat((double) c[i][j]).isCloseTo(expected, within(2e-5));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "33, 8"})
  @DisplayName("take transposed copies")
  void transposed(int rows, int columns) {
    float[][] matrix = random(rows, columns, 4);

    float[][] result = SmallProducts.transposed(matrix);

    assertThat(result).hasDimensions(columns, rows);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        assertThat(result[j][i]).isEqualTo(matrix[i][j]);
      }
    }
  }
}
