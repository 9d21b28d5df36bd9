package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.HostFloats;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention, by a BLAS and by ND4J's operations, against its definition in float64: the lowest
 * float is added to the scores of hidden keys, as Hugging Face does.
 */
@DisplayName("Attention")
class AttentionTest {

  /** More than a block of rows. */
  private static final int LENGTH = 131;

  private final Random random = new Random(7);

  private float[] random(int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }

  /** The definition; all arguments as {@link Attention} has them, for one window. */
  private static double[] expected(
      AttentionShape shape, int length, int valid, float[] input, int window, float[] bias) {
    int width = shape.inputWidth();
    int size = shape.headSize();
    double[] context = new double[length * shape.heads() * size];
    for (int h = 0; h < shape.heads(); h++) {
      int pair = h / (shape.heads() / shape.keyValueHeads());
      for (int i = 0; i < length; i++) {
        float[] scores = new float[length];
        for (int j = 0; j < length; j++) {
          double product = 0;
          for (int c = 0; c < size; c++) {
            product +=
                (double) input[(window * length + i) * width + h * size + c]
                    * input[(window * length + j) * width + (shape.heads() + pair) * size + c];
          }
          product *= shape.scale();
          product += bias == null ? 0 : bias[h * (2 * length - 1) + j - i + length - 1];
          boolean hidden = j >= valid || (shape.causal() && j > i);
          scores[j] = (float) product + (hidden ? -Float.MAX_VALUE : 0);
        }
        addWeighted(shape, length, softmax(scores), input, window, pair, context, i, h);
      }
    }
    return context;
  }

  private static double[] softmax(float[] scores) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float score : scores) {
      largest = Math.max(largest, score);
    }
    double[] weights = new double[scores.length];
    for (int j = 0; j < scores.length; j++) {
      weights[j] = Math.exp(scores[j] - largest);
    }
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / sum).toArray();
  }

  private static void addWeighted(
      AttentionShape shape,
      int length,
      double[] weights,
      float[] input,
      int window,
      int pair,
      double[] context,
      int row,
      int head) {
    int width = shape.inputWidth();
    int size = shape.headSize();
    int column = (shape.heads() + shape.keyValueHeads() + pair) * size;
    for (int j = 0; j < length; j++) {
      for (int c = 0; c < size; c++) {
        context[(row * shape.heads() + head) * size + c] +=
            weights[j] * input[(window * length + j) * width + column + c];
      }
    }
  }

  private static Window window(int length, int valid) {
    return new Window(IntBuffer.allocate(length), valid);
  }

  private void assertRight(
      AttentionShape shape, int length, boolean biased, boolean blas, int... valid) {
    float[] input = random(valid.length * length * shape.inputWidth(), 1.5);
    float[] bias = biased ? random(shape.heads() * (2 * length - 1), 2) : null;
    List<Window> batch = Arrays.stream(valid).mapToObj(count -> window(length, count)).toList();
    int rows = valid.length * length;
    try (Attention attention = new Attention(valid.length, length, shape, blas);
        INDArray x = HostFloats.toTensor(input, rows, shape.inputWidth());
        INDArray added =
            HostFloats.toTensor(
                biased ? bias : new float[1],
                biased ? new long[] {shape.heads(), 2L * length - 1} : new long[] {1});
        INDArray context = HostFloats.uninitialized(rows, shape.width())) {
      attention.prepare(batch);

      if (biased) {
        attention.apply(x, added, context);
      } else {
        attention.apply(x, context);
      }

      float[] actual = HostFloats.toArray(context);
      for (int w = 0; w < valid.length; w++) {
        double[] expected = expected(shape, length, valid[w], input, w, bias);
        for (int i = 0; i < expected.length; i++) {
          assertThat((double) actual[w * expected.length + i])
              .as("window %d, number %d", w, i)
              .isCloseTo(expected[i], within(4e-6));
        }
      }
    }
  }

  @ParameterizedTest(name = "{0} heads of keys, causal {1}, with a bias {2}, by a BLAS {3}")
  @CsvSource({
    "4, false, false, true",
    "4, false, true, true",
    "4, true, false, true",
    "4, true, true, true",
    "2, false, false, true",
    "2, true, true, true",
    "1, true, false, true",
    "4, false, false, false",
    "4, false, true, false",
    "4, true, false, false",
    "4, true, true, false",
    "2, false, false, false",
    "2, true, true, false",
    "1, true, false, false"
  })
  @DisplayName("is the weighted mean of the values, in full, padded and only padded windows")
  void definition(int keyValueHeads, boolean causal, boolean biased, boolean blas) {
    assumeThat(BlasThreads.available() || !blas).isTrue();
    AttentionShape shape = new AttentionShape(4, keyValueHeads, 6, 0.4f, causal);

    assertRight(shape, LENGTH, biased, blas, LENGTH, 100, 1, 0);
  }

  @ParameterizedTest
  @CsvSource({"1, true", "2, true", "128, true", "1, false", "2, false"})
  @DisplayName("takes windows of any length")
  void lengths(int length, boolean blas) {
    assumeThat(BlasThreads.available() || !blas).isTrue();

    assertRight(AttentionShape.multiHead(3, 8), length, false, blas, length, length - 1);
  }

  @Test
  @DisplayName("takes fewer windows than there is room for, and leaves the rest as it is")
  void fewerWindows() {
    try (Attention attention = new Attention(2, 3, AttentionShape.multiHead(1, 2));
        INDArray input = HostFloats.toTensor(random(6 * 6, 1), 6, 6);
        INDArray context = HostFloats.toTensor(new float[12], 6, 2)) {
      attention.prepare(List.of(window(3, 3)));

      attention.apply(input, context);

      assertThat(Arrays.copyOf(HostFloats.toArray(context), 6)).doesNotContain(0f);
      assertThat(Arrays.copyOfRange(HostFloats.toArray(context), 6, 12)).containsOnly(0f);
    }
  }

  @Test
  @DisplayName("does not read or write beyond its tensors")
  void sizes() {
    AttentionShape shape = AttentionShape.multiHead(1, 2);
    List<Window> batch = List.of(window(3, 3), window(3, 3));
    try (Attention small = new Attention(1, 3, shape);
        Attention attention = new Attention(2, 3, shape);
        INDArray input = HostFloats.toTensor(random(6 * 6, 1), 6, 6);
        INDArray context = HostFloats.toTensor(new float[6], 3, 2)) {
      attention.prepare(batch);

      assertThatThrownBy(() -> small.prepare(batch))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("2 windows, room for 1");
      assertThatThrownBy(() -> attention.apply(input, context))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("[3, 2] instead of [6, 2]");
    }
  }

  @Test
  @DisplayName("has no heads of keys that cannot be shared evenly")
  void shapes() {
    assertThatThrownBy(() -> new AttentionShape(4, 3, 2, 1, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4 heads of 2 cannot share 3");
  }
}
