package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Tuning an adapter")
class LoraTunerTest {

  private static final List<TextPair> PAIRS = TuningGolden.PAIRS;

  @TempDir private Path folder;
  private SentenceEncoder encoder;
  private LoraTarget target;

  @BeforeEach
  void open() {
    TinyBert model = new TinyBert(folder.resolve("model"));
    encoder = SentenceEncoder.load(model.directory());
    try (TuningGolden golden = new TuningGolden(model)) {
      target = golden.target();
    }
  }

  @AfterEach
  void close() {
    encoder.close();
  }

  private LoraTuner.Builder builder() {
    return LoraTuner.builder(encoder).target(target).maxTokens(16).steps(4);
  }

  private static float[] values(LoraAdapter adapter) {
    return LoraParameters.of(adapter).values();
  }

  @Test
  @DisplayName("lowers the loss, and hears of every step")
  void learns() {
    List<TuningStep> steps = new ArrayList<>();
    LoraTuner tuner =
        builder().steps(25).learningRate(0.01).weightDecay(0).listener(steps::add).build();

    try (LoraAdapter adapter = tuner.tune(PAIRS)) {
      assertThat(adapter.config()).isEqualTo(target.config());
      assertThat(adapter.modules()).isEqualTo(target.modules());
    }

    assertThat(steps).hasSize(25).extracting(TuningStep::steps).containsOnly(25);
    assertThat(steps).extracting(TuningStep::step).startsWith(1, 2, 3).endsWith(25);
    assertThat(steps.get(24).loss()).isLessThan(0.5 * steps.get(0).loss());
    assertThat(steps.get(24).accuracy()).isEqualTo(1.0);
  }

  @Test
  @DisplayName("starts from a uniform A, and a B of zeros")
  void start() {
    // After one step A has not moved, because its gradient is 0 as long as B is.
    List<float[]> all = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      LoraTuner tuner = builder().steps(1).weightDecay(0).initialSeed(seed).build();
      try (LoraAdapter adapter = tuner.tune(PAIRS)) {
        LoraWeights pair = adapter.weights("encoder.layer.1.output.dense");
        float[] a = HostFloats.toArray(pair.a());
        all.add(a);
        float bound = (float) (1 / Math.sqrt(40));
        assertThat(Difference.largest(a, new float[a.length])).isBetween(0.8f * bound, bound);
        // AdamW's first step has the size of the learning rate, here a fifth of it.
        for (float b : HostFloats.toArray(pair.b())) {
          assertThat(Math.abs(b)).isCloseTo(1e-4f, within(2e-6f));
        }
      }
    }
    assertThat(all.get(0)).containsExactly(all.get(1));
    assertThat(Difference.largest(all.get(0), all.get(2))).isGreaterThan(0.01f);
  }

  @Test
  @DisplayName("gives the same for the same seeds, and for another order of the pairs another")
  void seeds() {
    List<float[]> results = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      try (LoraAdapter adapter = builder().batchSize(2).batchSeed(seed).build().tune(PAIRS)) {
        results.add(values(adapter));
      }
    }
    assertThat(results.get(0)).containsExactly(results.get(1));
    assertThat(Difference.largest(results.get(0), results.get(2))).isGreaterThan(1e-4f);
  }

  @Test
  @DisplayName("saves the adapter after each of the last steps")
  void snapshots() throws IOException {
    Path snapshots = folder.resolve("snapshots");
    LoraTuner tuner = builder().steps(5).snapshots(snapshots, 3, WeightPrecision.F32).build();

    try (LoraAdapter last = tuner.tune(PAIRS);
        var files = Files.list(snapshots)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("3", "4", "5");
      try (LoraAdapter third = LoraAdapter.load(snapshots.resolve("3"));
          LoraAdapter fifth = LoraAdapter.load(snapshots.resolve("5"))) {
        assertThat(values(fifth)).containsExactly(values(last));
        assertThat(Difference.largest(values(third), values(last))).isGreaterThan(1e-4f);
        assertThat(fifth.metadata())
            .isEqualTo(last.metadata())
            .containsEntry("dnd4j.tuning_step", "5")
            .containsEntry("dnd4j.tuning_pairs", "3")
            .containsEntry("dnd4j.encoder_sha256", encoder.spec().require("sha256"));
        assertThat(third.metadata()).containsEntry("dnd4j.tuning_step", "3");
      }
    }
  }

  @Test
  @DisplayName("saves in bfloat16 if not told otherwise")
  void bfloat16() {
    LoraTuner tuner = builder().snapshots(folder.resolve("snapshots"), 1).build();

    try (LoraAdapter last = tuner.tune(PAIRS);
        LoraAdapter saved = LoraAdapter.load(folder.resolve("snapshots/4"))) {
      float[] exact = values(last);
      float[] rounded = values(saved);
      assertThat(rounded).isNotEqualTo(exact);
      for (int i = 0; i < exact.length; i++) {
        assertThat(rounded[i]).isCloseTo(exact[i], within(Math.abs(exact[i]) / 256));
      }
    }
  }

  @Test
  @DisplayName("says where a snapshot cannot be written")
  void unwritableSnapshot() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");

    assertThatThrownBy(() -> builder().snapshots(file, 1).build().tune(PAIRS))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  @DisplayName("stops between two steps when the thread is interrupted")
  void interrupted() {
    List<Integer> steps = new ArrayList<>();
    LoraTuner tuner =
        builder()
            .listener(
                step -> {
                  steps.add(step.step());
                  Thread.currentThread().interrupt();
                })
            .build();
    try {
      assertThatThrownBy(() -> tuner.tune(PAIRS))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted before step 2");
      assertThat(steps).containsExactly(1);
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  @DisplayName("goes on if the encoder is closed meanwhile, but does not begin after that")
  void closedEncoder() {
    LoraTuner tuner = builder().build();
    float[] expected;
    try (LoraAdapter adapter = tuner.tune(PAIRS)) {
      expected = values(adapter);
    }
    LoraTuner closing = builder().listener(step -> encoder.close()).build();

    try (LoraAdapter adapter = closing.tune(PAIRS)) {
      assertThat(values(adapter)).containsExactly(expected);
    }
    assertThatThrownBy(() -> tuner.tune(PAIRS))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @DisplayName("tunes an adapter on top of another")
  void onTopOfAnother() {
    try (LoraAdapter first = builder().steps(20).learningRate(0.01).build().tune(PAIRS);
        SentenceEncoder adapted = encoder.withAdapter(first)) {
      List<Double> losses = new ArrayList<>();
      Consumer<SentenceEncoder> tune =
          some ->
              LoraTuner.builder(some)
                  .target(target)
                  .maxTokens(16)
                  .steps(1)
                  .listener(step -> losses.add(step.loss()))
                  .build()
                  .tune(PAIRS)
                  .close();
      tune.accept(encoder);
      tune.accept(adapted);
      assertThat(losses.get(1)).isLessThan(0.8 * losses.get(0));
    }
  }

  @Test
  @DisplayName("says so when the loss is no longer a number")
  void diverged() {
    LoraTuner tuner = builder().learningRate(1e30).warmupSteps(0).steps(5).build();

    assertThatThrownBy(() -> tuner.tune(PAIRS))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("the loss of step")
        .hasMessageContaining("smaller learning rate");
  }

  @Test
  @DisplayName("changes the modules of the target only")
  void someModules() {
    List<LoraModule> values =
        target.modules().stream().filter(m -> m.name().equals("value")).toList();
    LoraTarget some = new LoraTarget("values", target.config(), 8, values);

    try (LoraAdapter adapter = builder().target(some).build().tune(PAIRS);
        SentenceEncoder adapted = encoder.withAdapter(adapter)) {
      assertThat(adapter.modules()).isEqualTo(values);
      assertThat(adapted.spec()).isNotEqualTo(encoder.spec());
    }
  }

  @Test
  @DisplayName("needs an encoder that has the target's modules")
  void otherModel() {
    assertThatThrownBy(() -> LoraTuner.builder(encoder).build())
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("encoder.layer.0.attention.self.query")
        .hasMessageContaining("384 -> 384");
  }

  @Test
  @DisplayName("needs at least two pairs")
  void tooFewPairs() {
    LoraTuner tuner = builder().build();

    assertThatThrownBy(() -> tuner.tune(PAIRS.subList(0, 1)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least two");
    assertThatThrownBy(() -> tuner.tune(Arrays.asList(PAIRS.get(0), null)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("pairs[1]");
    assertThatThrownBy(() -> TextPair.zip(List.of("a", "b"), List.of("c")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("2 anchors")
        .hasMessageContaining("1 positives");
  }

  record Setting(String name, Consumer<LoraTuner.Builder> set) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Setting> wrongSettings() {
    return List.of(
        new Setting("batchSize", b -> b.batchSize(1)),
        new Setting("maxTokens", b -> b.maxTokens(0)),
        new Setting("temperature", b -> b.temperature(0)),
        new Setting("temperature", b -> b.temperature(Double.NaN)),
        new Setting("steps", b -> b.steps(0)),
        new Setting("warmupSteps", b -> b.warmupSteps(-1)),
        new Setting("learningRate", b -> b.learningRate(-1e-3)),
        new Setting("learningRate", b -> b.learningRate(Double.POSITIVE_INFINITY)),
        new Setting("weightDecay", b -> b.weightDecay(-0.1)),
        new Setting("last", b -> b.snapshots(Path.of("x"), 0)),
        new Setting("target", b -> b.target(null)),
        new Setting("listener", b -> b.listener(null)));
  }

  @ParameterizedTest
  @MethodSource("wrongSettings")
  @DisplayName("rejects settings that make no sense")
  void wrongSetting(Setting setting) {
    assertThatThrownBy(() -> setting.set().accept(builder()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(setting.name());
  }

  @Test
  @DisplayName("cannot take more tokens than the encoder's window")
  void tooManyTokens() {
    assertThatThrownBy(() -> builder().maxTokens(17).build().tune(PAIRS))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("maxTokens")
        .hasMessageContaining("16");
  }

  @Test
  @DisplayName("is not changed by what is done with its builder later")
  void builderUsedAgain() {
    List<TuningStep> steps = new ArrayList<>();
    LoraTuner.Builder builder = builder().steps(1).listener(steps::add);
    LoraTuner tuner = builder.build();
    builder.steps(3);

    tuner.tune(PAIRS).close();

    assertThat(steps).hasSize(1);
  }
}
