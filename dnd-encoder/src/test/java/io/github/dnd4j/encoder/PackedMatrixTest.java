package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Matrices of 16-bit numbers, products with them, and the activation between two of these. */
class PackedMatrixTest {

  private static final int ROWS = 37;

  /** Numbers that 16 bits of a kind hold exactly; some are subnormal as float16. */
  private static float[] numbers(PackedMatrix.Kind kind, int count) {
    Random random = new Random(5);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      int mantissa = random.nextInt(256) - 128;
      numbers[i] = mantissa * (float) Math.pow(2, -random.nextInt(18) - 7);
      if (kind == PackedMatrix.Kind.FLOAT32) {
        numbers[i] *= 1.0000001f;
      }
    }
    numbers[0] = -0f;
    numbers[1] = 0x1p-24f;
    numbers[2] = -0x1p-24f;
    numbers[3] = kind == PackedMatrix.Kind.FLOAT16 ? 65504 : 0x1.fep127f;
    return numbers;
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 10",
    "BFLOAT16, 10",
    "FLOAT16, 10",
    "FLOAT32, 11",
    "BFLOAT16, 11",
    "FLOAT16, 11",
    "BFLOAT16, 1",
    "FLOAT16, 20000"
  })
  void givesBackExactlyWhatWasPut(PackedMatrix.Kind kind, int columns) {
    float[] numbers = numbers(kind, ROWS * columns);

    try (PackedMatrix matrix = new PackedMatrix(ROWS, columns, kind);
        INDArray upper = HostFloats.toTensor(slice(numbers, 0, 20, columns), 20, columns);
        INDArray lower = HostFloats.toTensor(slice(numbers, 20, 17, columns), 17, columns);
        INDArray scratch = HostFloats.uninitialized(9, columns)) {
      matrix.view(20, 17).assign(lower);
      matrix.view(0, 20).assign(upper);

      try (INDArray all = matrix.toFloats()) {
        assertThat(HostFloats.toArray(all)).isEqualTo(numbers);
      }
      float[] some = new float[9 * columns];
      new Place(matrix.floats(15, 9, Place.addressOf(scratch))).get(some);
      assertThat(some).isEqualTo(slice(numbers, 15, 9, columns));
      float[] row = new float[columns + 2];
      matrix.row(36, row, 1);
      assertThat(row[0]).isZero();
      assertThat(Arrays.copyOfRange(row, 1, columns + 1)).isEqualTo(slice(numbers, 36, 1, columns));
    }
  }

  private static float[] slice(float[] numbers, int row, int count, int columns) {
    return Arrays.copyOfRange(numbers, row * columns, (row + count) * columns);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesFloat16ThatIsNotFinite(float value) {
    try (PackedMatrix matrix = new PackedMatrix(1, 3, PackedMatrix.Kind.FLOAT16);
        INDArray values = HostFloats.toTensor(new float[] {1, 2, value}, 1, 3)) {
      matrix.view(0, 1).assign(values);

      assertThatThrownBy(() -> matrix.checkFinite(0, 1, "some.weight"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("some.weight");
    }
  }

  /** 700 rows are several panels. */
  @ParameterizedTest
  @EnumSource
  void multipliesAndAdds(PackedMatrix.Kind kind) {
    Random random = new Random(6);
    float[] bias = new float[700];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = random.nextFloat();
    }
    float[] weights = numbers(kind, 700 * 11);
    float[] inputs = numbers(PackedMatrix.Kind.FLOAT16, 5 * 11);
    weights[3] = 1;
    inputs[3] = 1;
    try (INDArray x = HostFloats.toTensor(inputs, 5, 11);
        INDArray weight = HostFloats.toTensor(weights, 700, 11);
        INDArray result = HostFloats.uninitialized(5, 700);
        PackedProducts products = new PackedProducts(true);
        PackedProducts operations = new PackedProducts(false);
        PackedDense dense = new PackedDense(new PackedMatrix(700, 11, kind), bias);
        PackedDense plain = new PackedDense(new PackedMatrix(700, 11, kind), null)) {
      dense.weight().view(0, 700).assign(weight);
      plain.weight().view(0, 700).assign(weight);
      double[] product = product(HostFloats.toArray(x), weights);

      for (PackedProducts either : new PackedProducts[] {products, operations}) {
        either.multiply(x, plain, result);
        check(result, product, 1, bias, 0);
        either.multiply(x, dense, result);
        check(result, product, 1, bias, 1);
        either.add(x, dense, result);
        check(result, product, 2, bias, 2);
        either.add(x, plain, result);
        check(result, product, 3, bias, 2);
      }
    }
  }

  private static double[] product(float[] x, float[] weights) {
    double[] product = new double[5 * 700];
    for (int i = 0; i < product.length; i++) {
      for (int k = 0; k < 11; k++) {
        product[i] += (double) x[i / 700 * 11 + k] * weights[i % 700 * 11 + k];
      }
    }
    return product;
  }

  private static void check(
      INDArray actual, double[] product, int products, float[] bias, int biases) {
    float[] values = HostFloats.toArray(actual);
    for (int i = 0; i < values.length; i++) {
      double expected = product[i] * products + (double) bias[i % 700] * biases;
      assertThat((double) values[i]).isCloseTo(expected, within(1e-5 * (1 + Math.abs(expected))));
    }
  }

  @Test
  void siluIsAsExactAsFloatsAllow() {
    float[] gates = new float[60_001];
    float[] factors = new float[gates.length];
    for (int i = 0; i < gates.length; i++) {
      gates[i] = (i - 30_000) / 1000f;
      factors[i] = i % 2 == 0 ? 1 : -2;
    }
    float[] actual = gates.clone();

    Silu.gate(actual, factors, actual.length);

    for (int i = 0; i < gates.length; i++) {
      double exact = gates[i] / (1 + Math.exp(-gates[i])) * factors[i];
      assertThat((double) actual[i]).isCloseTo(exact, within(3e-7 + 2 * Math.ulp(actual[i])));
    }
  }
}
