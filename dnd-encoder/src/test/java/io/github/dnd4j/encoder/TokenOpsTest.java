package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.internal.HostFloats;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.factory.Nd4j;

/** The arithmetic between the matrix products. */
class TokenOpsTest {

  @Test
  void geluIsAsExactAsFloatsAllow() {
    float[] inputs = new float[20_001];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (i - 10_000) / 1000f;
    }
    float[] actual = inputs.clone();

    TokenOps.gelu(actual);

    try (INDArray x = Nd4j.createFromArray(inputs).castTo(DataType.DOUBLE);
        INDArray erf = Nd4j.getExecutioner().exec(new Erf(x.mul(Math.sqrt(0.5)), x.ulike()))) {
      for (int i = 0; i < inputs.length; i++) {
        double exact = 0.5 * inputs[i] * (1 + erf.getDouble(i));
        assertThat((double) actual[i]).isCloseTo(exact, within(1.5e-7 + Math.ulp(actual[i])));
      }
    }
  }

  @Test
  void geluBackwardIsTheDerivativeOfTheExactGelu() {
    float[] inputs = new float[20_001];
    float[] gradients = new float[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (i - 10_000) / 1000f;
      gradients[i] = 2;
    }
    float[] results = inputs.clone();
    float[] expectedResults = inputs.clone();
    TokenOps.gelu(expectedResults);

    TokenOps.geluBackward(results, gradients);

    assertThat(Difference.largest(results, expectedResults)).isLessThan(1e-6f);
    try (INDArray x = Nd4j.createFromArray(inputs).castTo(DataType.DOUBLE);
        INDArray erf = Nd4j.getExecutioner().exec(new Erf(x.mul(Math.sqrt(0.5)), x.ulike()))) {
      for (int i = 0; i < inputs.length; i++) {
        double density = Math.exp(-0.5 * inputs[i] * inputs[i]) / Math.sqrt(2 * Math.PI);
        double exact = 0.5 * (1 + erf.getDouble(i)) + inputs[i] * density;
        assertThat(gradients[i] / 2.0).isCloseTo(exact, within(3e-6));
      }
    }
  }

  @Test
  void geluOfTheExtremes() {
    float[] values = {0, -0f, Float.MAX_VALUE, -Float.MAX_VALUE, 100, -100};

    TokenOps.gelu(values);

    assertThat(values[0]).isZero();
    assertThat(values[2]).isEqualTo(Float.MAX_VALUE);
    assertThat(values[3]).isBetween(-1e-6f, 1e-6f);
    assertThat(values[4]).isBetween(99.9999f, 100f);
    assertThat(values[5]).isBetween(-1e-6f, 1e-6f);
  }

  @Test
  void normalizesTheSumOfTwoTensors() {
    int rows = 131;
    int width = 30;
    Random random = new Random(5);
    float[] x = randomValues(random, rows * width);
    float[] residual = randomValues(random, rows * width);
    float[] weight = randomValues(random, width);
    float[] bias = randomValues(random, width);

    try (INDArray a = HostFloats.toTensor(x, rows, width);
        INDArray b = HostFloats.toTensor(residual, rows, width)) {
      TokenOps.addAndNormalize(a, b, new BertWeights.Norm(weight, bias), 0.01f, b);

      float[] actual = HostFloats.toArray(b);
      for (int row = 0; row < rows; row++) {
        double[] expected = layerNorm(x, residual, weight, bias, row * width, 0.01);
        for (int i = 0; i < width; i++) {
          assertThat((double) actual[row * width + i]).isCloseTo(expected[i], within(2e-6));
        }
      }
    }
  }

  private static float[] randomValues(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() + 0.5f;
    }
    return values;
  }

  private static double[] layerNorm(
      float[] x, float[] residual, float[] weight, float[] bias, int from, double eps) {
    double[] sum = new double[weight.length];
    double mean = 0;
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (double) x[from + i] + residual[from + i];
      mean += sum[i] / sum.length;
    }
    double variance = 0;
    for (double value : sum) {
      variance += (value - mean) * (value - mean) / sum.length;
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (sum[i] - mean) / Math.sqrt(variance + eps) * weight[i] + bias[i];
    }
    return sum;
  }
}
