package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Adapters of BERT's relatives")
class RelativesAdapterTest {

  private static final LoraConfig CONFIG =
      LoraConfig.of(2, 3, "tiny", LoraConfig.FEATURE_EXTRACTION);

  @TempDir private Path folder;
  private final Random random = new Random(20260310);

  /** All modules of both layers, in the model's own names. */
  private static List<LoraModule> modules(Relative relative) {
    BertNames names = relative.family().names();
    List<LoraModule> modules = new ArrayList<>();
    for (int layer = 0; layer < 2; layer++) {
      for (DensePlace.Kind kind : DensePlace.Kind.values()) {
        int in = kind == DensePlace.Kind.OUTPUT ? Relative.INNER : Relative.HIDDEN;
        int out = kind == DensePlace.Kind.INTERMEDIATE ? Relative.INNER : Relative.HIDDEN;
        for (String name : names.of(kind)) {
          modules.add(new LoraModule(names.prefixOf(layer) + name, in, out, CONFIG.rank()));
        }
      }
    }
    return modules;
  }

  private static LoraTarget target(Relative relative) {
    return new LoraTarget("tiny", CONFIG, 8, modules(relative));
  }

  private INDArray randomTensor(long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.3f;
    }
    return HostFloats.toTensor(values, rows, columns);
  }

  private LoraAdapter adapter(Relative relative) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : modules(relative)) {
      weights.put(
          module.path(),
          new LoraWeights(
              randomTensor(module.rank(), module.in()), randomTensor(module.out(), module.rank())));
    }
    return new LoraAdapter(CONFIG, weights, Map.of());
  }

  private static INDArray encode(SentenceEncoder encoder, Relative relative) {
    return encoder.encode(relative.texts(), relative.window(), ProgressListener.NONE);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("change the weights of the same names by scale * B A")
  void sameAsChangedFiles(Relative relative) {
    TinyModel model = relative.copy(folder);
    try (LoraAdapter adapter = adapter(relative);
        SentenceEncoder base = SentenceEncoder.load(model.directory());
        SentenceEncoder adapted = base.withAdapter(adapter)) {
      // given a file of weights to which the same is added
      String prefix =
          relative == Relative.MPNET || relative == Relative.XLM_ROBERTA
              ? ""
              : relative.family().prefix();
      model.changeWeights(
          tensors -> {
            for (LoraModule module : adapter.modules()) {
              LoraWeights pair = adapter.weights(module.path());
              INDArray product = pair.b().mmul(pair.a()).muli(1.5);
              tensors.get(prefix + module.path() + ".weight").addi(product);
            }
            return tensors;
          },
          TensorType.F32);

      try (SentenceEncoder changed = SentenceEncoder.load(model.directory());
          INDArray expected = encode(changed, relative);
          INDArray unadapted = encode(base, relative);
          INDArray actual = encode(adapted, relative)) {
        assertThat(Difference.largest(actual, expected)).isLessThan(2e-5f);
        assertThat(Difference.largest(actual, unadapted)).isGreaterThan(0.1f);
      }
    }
  }

  @Test
  @DisplayName("do not fit MPNet or DistilBERT with BERT's names, and the error has the right ones")
  void namesOfBert() {
    try (LoraAdapter adapter = adapter(Relative.ROBERTA);
        SentenceEncoder mpnet = Relative.MPNET.open(folder);
        SentenceEncoder distilbert = Relative.DISTILBERT.open(folder)) {
      assertThatThrownBy(() -> mpnet.withAdapter(adapter))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("of model_type mpnet, has no module encoder.layer.0.attention.self")
          .hasMessageContaining("encoder.layer.0 to encoder.layer.1")
          .hasMessageContaining("attention.attn.q, attention.attn.k, attention.attn.v,")
          .hasMessageContaining("attention.attn.o, intermediate.dense and output.dense");
      assertThatThrownBy(() -> distilbert.withAdapter(adapter))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("transformer.layer.0 to transformer.layer.1")
          .hasMessageContaining("attention.out_lin, ffn.lin1 and ffn.lin2");
      assertThatThrownBy(() -> LoraTuner.builder(mpnet).target(target(Relative.ROBERTA)).build())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("attention.attn.q");
    }
  }

  /**
   * With g the gradient and d its direction, {@code (f(p + h d) - f(p - h d)) / 2h = g d = |g|}.
   */
  @ParameterizedTest
  @EnumSource
  @DisplayName("have the gradient that is the loss's slope")
  void gradient(Relative relative) {
    LoraTarget target = target(relative);
    LoraParameters parameters = LoraParameters.initial(target.modules(), 3);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] += (float) random.nextGaussian() * 0.1f;
    }
    try (SentenceEncoder encoder = relative.open(folder);
        ContrastiveModel model =
            new ContrastiveModel(
                encoder.config(), encoder.shareWeights(), target, parameters, 0.5)) {
      TokenBatch batch =
          TokenBatch.of(
              encoder.tokenize(
                  List.of("the river", "a bridge", "and then the other", "slow", "mill of", "old"),
                  16));
      model.run(batch);
      float[] gradient = model.gradient().clone();
      double norm = 0;
      for (float value : gradient) {
        norm += (double) value * value;
      }
      norm = Math.sqrt(norm);

      double slope = slope(model, batch, parameters.values(), gradient, norm);

      assertThat(norm).isGreaterThan(1e-2);
      assertThat(slope).isCloseTo(norm, within(5e-3 * norm));
    }
  }

  private static double slope(
      ContrastiveModel model, TokenBatch batch, float[] numbers, float[] direction, double norm) {
    double h = 1e-2;
    float[] before = numbers.clone();
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      double step = (side == 0 ? h : -h) / norm;
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) (before[i] + step * direction[i]);
      }
      losses[side] = model.run(batch).loss();
    }
    return (losses[0] - losses[1]) / (2 * h);
  }

  @Test
  @DisplayName("can be tuned")
  void tuning() {
    List<TuningStep> steps = new ArrayList<>();
    try (SentenceEncoder encoder = Relative.MPNET.open(folder);
        LoraAdapter adapter =
            LoraTuner.builder(encoder)
                .target(target(Relative.MPNET))
                .maxTokens(16)
                .steps(25)
                .learningRate(0.01)
                .listener(steps::add)
                .build()
                .tune(TuningGolden.PAIRS);
        SentenceEncoder adapted = encoder.withAdapter(adapter)) {
      assertThat(steps.get(24).loss()).isLessThan(0.5 * steps.get(0).loss());
      assertThat(adapted.spec().require("sha256")).isNotEqualTo(encoder.spec().require("sha256"));
    }
  }
}
