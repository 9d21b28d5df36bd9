package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The gradient of the tuning loss against PyTorch's and against finite differences. */
@DisplayName("Gradients of LoRA matrices")
class LoraGradientTest {

  private static final double TEMPERATURE = 0.05;

  private TuningGolden golden;
  private SentenceEncoder encoder;
  private LoraTarget target;
  private LoraParameters parameters;

  @BeforeEach
  void open(@TempDir Path directory) {
    TinyBert model = new TinyBert(directory);
    encoder = SentenceEncoder.load(model.directory());
    golden = new TuningGolden(model);
    target = golden.target();
    parameters = parametersOf(target);
  }

  @AfterEach
  void close() {
    golden.close();
    encoder.close();
  }

  /** Those of the golden adapter for some of its modules. */
  private LoraParameters parametersOf(LoraTarget some) {
    LoraParameters result = LoraParameters.initial(some.modules(), 0);
    float[] values = golden.values("start", some.modules());
    System.arraycopy(values, 0, result.values(), 0, values.length);
    return result;
  }

  private ContrastiveModel model(LoraTarget of, LoraParameters with) {
    return new ContrastiveModel(encoder.config(), encoder.shareWeights(), of, with, TEMPERATURE);
  }

  private TokenBatch batch() {
    List<int[]> tokens =
        encoder.tokenize(
            Stream.concat(
                    TuningGolden.PAIRS.stream().map(TextPair::anchor),
                    TuningGolden.PAIRS.stream().map(TextPair::positive))
                .toList(),
            16);
    return TokenBatch.of(tokens);
  }

  private float[] goldenLosses() {
    try (INDArray losses = golden.read("loss")) {
      return HostFloats.toArray(losses);
    }
  }

  @Test
  @DisplayName("are PyTorch's, of every A and every B")
  void pyTorchsGradients() {
    try (ContrastiveModel model = model(target, parameters)) {
      double loss = model.run(batch()).loss();

      assertThat(loss).isCloseTo(goldenLosses()[0], within(1e-5));
      float[] expected = golden.values("gradient", target.modules());
      for (int i = 0; i < target.modules().size(); i++) {
        assertClose(
            target.modules().get(i).path() + " A",
            model.gradient(),
            expected,
            parameters.startOf(i),
            parameters.startOfB(i));
        assertClose(
            target.modules().get(i).path() + " B",
            model.gradient(),
            expected,
            parameters.startOfB(i),
            parameters.startOf(i + 1));
      }
    }
  }

  /** Relative to the largest entry of the matrix. */
  private static void assertClose(String name, float[] actual, float[] expected, int from, int to) {
    float[] wanted = Arrays.copyOfRange(expected, from, to);
    float largest = 0;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).as(name).isGreaterThan(1e-3f);
    assertThat(Difference.largest(Arrays.copyOfRange(actual, from, to), wanted) / largest)
        .as(name)
        .isLessThan(2e-5f);
  }

  @Test
  @DisplayName("and AdamW make PyTorch's adapter of three steps")
  void pyTorchsSteps() {
    AdamW optimizer = new AdamW(parameters.values().length, 0.1);
    try (ContrastiveModel model = model(target, parameters)) {
      for (int step = 0; step < 3; step++) {
        model.run(batch());
        optimizer.step(parameters.values(), model.gradient(), 0.01);
      }

      assertThat(Difference.largest(parameters.values(), golden.values("tuned", target.modules())))
          .isLessThan(1e-5f);
      assertThat(model.run(batch()).loss()).isCloseTo(goldenLosses()[1], within(1e-5));
    }
  }

  /** All modules, those of the upper layer, and single ones, of which one is a part of a map. */
  static Stream<List<String>> modules() {
    return Stream.of(
        List.of("encoder.layer.0.", "encoder.layer.1."),
        List.of("encoder.layer.1."),
        List.of("encoder.layer.0.attention.self.key"),
        List.of("encoder.layer.0.attention.self.query", "encoder.layer.1.attention.self.value"),
        List.of("encoder.layer.1.attention.output.dense"),
        List.of("encoder.layer.0.intermediate.dense"),
        List.of("encoder.layer.0.output.dense", "encoder.layer.1.output.dense"));
  }

  /**
   * With g the gradient and d a direction of length 1, {@code (f(p + h d) - f(p - h d)) / 2h} is
   * {@code g d}. The forward pass computes in float32, so h is a compromise between its rounding
   * and the curvature of f.
   */
  @ParameterizedTest
  @MethodSource("modules")
  @DisplayName("are the loss's slopes, whichever modules are tuned")
  void finiteDifferences(List<String> prefixes) {
    LoraTarget some =
        new LoraTarget(
            "some",
            target.config(),
            target.tileWidth(),
            target.modules().stream()
                .filter(module -> prefixes.stream().anyMatch(module.path()::startsWith))
                .toList());
    LoraParameters numbers = parametersOf(some);
    try (ContrastiveModel model = model(some, numbers)) {
      TokenBatch batch = batch();
      model.run(batch);
      float[] gradient = model.gradient().clone();
      for (int i = 0; i < 2 * some.modules().size(); i++) {
        int from = i % 2 == 0 ? numbers.startOf(i / 2) : numbers.startOfB(i / 2);
        int to = i % 2 == 0 ? numbers.startOfB(i / 2) : numbers.startOf(i / 2 + 1);
        double[] direction = direction(gradient, from, to, i);
        double expected = slope(model, batch, numbers.values(), from, direction);
        double actual = 0;
        for (int j = 0; j < direction.length; j++) {
          actual += gradient[from + j] * direction[j];
        }
        assertThat(actual)
            .as("%s %s", some.modules().get(i / 2).path(), i % 2 == 0 ? "A" : "B")
            .isCloseTo(expected, within(5e-3 * Math.abs(expected) + 2e-4));
      }
    }
  }

  /** Between the gradient's own direction and a random one, so that the slope is not near zero. */
  private static double[] direction(float[] gradient, int from, int to, int seed) {
    Random random = new Random(seed);
    double largest = 0;
    for (int j = from; j < to; j++) {
      largest = Math.max(largest, Math.abs(gradient[j]));
    }
    double[] direction = new double[to - from];
    double square = 0;
    for (int j = 0; j < direction.length; j++) {
      direction[j] = gradient[from + j] / largest + random.nextGaussian() * 0.2;
      square += direction[j] * direction[j];
    }
    for (int j = 0; j < direction.length; j++) {
      direction[j] /= Math.sqrt(square);
    }
    return direction;
  }

  private static double slope(
      ContrastiveModel model, TokenBatch batch, float[] numbers, int from, double[] direction) {
    double h = 5e-3;
    float[] before = numbers.clone();
    move(numbers, before, from, direction, h);
    double above = model.run(batch).loss();
    move(numbers, before, from, direction, -h);
    double below = model.run(batch).loss();
    System.arraycopy(before, 0, numbers, 0, numbers.length);
    return (above - below) / (2 * h);
  }

  private static void move(
      float[] numbers, float[] before, int from, double[] direction, double step) {
    for (int j = 0; j < direction.length; j++) {
      numbers[from + j] = (float) (before[from + j] + step * direction[j]);
    }
  }

  @Test
  @DisplayName("are those of modules with ranks and alphas of their own")
  void differentRanks() {
    // given query with rank 1 and alpha 5, value with rank 3, and no key between them
    LoraConfig config =
        new LoraConfig(
            2,
            3,
            false,
            0,
            "tiny-bert",
            LoraConfig.FEATURE_EXTRACTION,
            Map.of("query", 1, "value", 3),
            Map.of("query", 5.0));
    String stem = "encoder.layer.0.attention.self.";
    LoraTarget mixed =
        new LoraTarget(
            "mixed",
            config,
            8,
            List.of(
                new LoraModule(stem + "value", 24, 24, 3),
                new LoraModule(stem + "query", 24, 24, 1)));
    LoraParameters numbers = LoraParameters.initial(mixed.modules(), 4);
    Random random = new Random(9);
    for (int i = 0; i < numbers.values().length; i++) {
      numbers.values()[i] += (float) random.nextGaussian() * 0.2f;
    }
    try (ContrastiveModel model = model(mixed, numbers);
        LoraAdapter adapter = numbers.toAdapter(config, Map.of());
        SentenceEncoder adapted = encoder.withAdapter(adapter)) {
      TokenBatch batch = batch();
      double loss = model.run(batch).loss();
      float[] gradient = model.gradient().clone();

      // then the loss is that of the merged encoder's embeddings, and the gradient its slope
      assertThat(loss).isCloseTo(lossOf(adapted), within(1e-5));
      double[] direction = direction(gradient, 0, gradient.length, 1);
      double along = 0;
      for (int j = 0; j < direction.length; j++) {
        along += gradient[j] * direction[j];
      }
      double expected = slope(model, batch, numbers.values(), 0, direction);
      assertThat(along).isCloseTo(expected, within(5e-3 * Math.abs(expected) + 2e-4));
    }
  }

  /** InfoNCE written out for the embeddings of an encoder. */
  private static double lossOf(SentenceEncoder some) {
    try (INDArray anchors = some.embed(TuningGolden.PAIRS.stream().map(TextPair::anchor).toList());
        INDArray positives =
            some.embed(TuningGolden.PAIRS.stream().map(TextPair::positive).toList());
        INDArray similarities = anchors.mmul(positives.transpose())) {
      double loss = 0;
      for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int j = 0; j < 3; j++) {
          sum += Math.exp(similarities.getDouble(i, j) / TEMPERATURE);
        }
        loss -= similarities.getDouble(i, i) / TEMPERATURE - Math.log(sum);
      }
      return loss / 3;
    }
  }
}
