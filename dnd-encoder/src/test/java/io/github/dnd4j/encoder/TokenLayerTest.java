package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.HostFloats;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What goldens do not reach: more than one part of rows, and more than one of columns. */
@DisplayName("The part of a layer that takes tokens one by one")
class TokenLayerTest {

  private static final int WIDTH = 24;

  private final Random random = new Random(11);

  private INDArray random(long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * 0.3f;
    }
    return HostFloats.toTensor(values, shape);
  }

  private BertWeights.Dense dense(int in, int out) {
    return new BertWeights.Dense(Shared.of(random(in, out)), Shared.of(random(out)));
  }

  private BertWeights.Norm norm() {
    try (INDArray weight = random(WIDTH);
        INDArray bias = random(WIDTH)) {
      return new BertWeights.Norm(HostFloats.toArray(weight), HostFloats.toArray(bias));
    }
  }

  @ParameterizedTest(name = "{0} rows, {1} columns in between")
  @CsvSource({"1, 40", "17, 384", "500, 1000"})
  @DisplayName("is the same by a BLAS and by ND4J's operations")
  void bothWays(int rows, int innerWidth) {
    assumeThat(BlasThreads.available()).isTrue();
    BertConfig config = new BertConfig(10, WIDTH, 1, 3, innerWidth, 16, 2, 1e-6f);
    try (BertWeights.Layer layer =
            new BertWeights.Layer(
                dense(WIDTH, 3 * WIDTH),
                dense(WIDTH, WIDTH),
                norm(),
                dense(WIDTH, innerWidth),
                dense(innerWidth, WIDTH),
                norm());
        INDArray context = random(rows, WIDTH);
        INDArray byBlas = random(rows, WIDTH);
        INDArray byOperations = HostFloats.toTensor(HostFloats.toArray(byBlas), rows, WIDTH);
        TokenLayer blas = new TokenLayer(rows, config, true, 2);
        TokenLayer operations = new TokenLayer(rows, config, false, 2)) {

      blas.apply(context, layer, byBlas);
      operations.apply(context, layer, byOperations);

      assertThat(Difference.largest(byBlas, byOperations)).isLessThan(1e-5f);
    }
  }
}
