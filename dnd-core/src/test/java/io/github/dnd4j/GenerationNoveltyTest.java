package io.github.dnd4j;

import static io.github.dnd4j.TestGenerator.PROMPTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.TrainingPrompts.TrainingSet;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import io.github.dnd4j.spi.ProgressListener;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A generator that remembers its training prompts says when it is given others. */
class GenerationNoveltyTest {

  private static final String MODULE = "layers.0.up_proj";

  private static final GenerationOptions SCALED =
      GenerationOptions.defaults().withScaledByNovelty(true);

  /** Of random hidden states, as those of the tests' encoder are, none is near anything. */
  private static final TrainingPrompts REMEMBERED =
      new TrainingPrompts(
          8,
          List.of(
              new TrainingSet("first", new float[] {1, 0, 0, 0}),
              new TrainingSet("second", new float[] {0, 0, 0.6f, -0.8f})),
          0.1,
          0.3,
          1);

  /** What is to come out, from the encoder's states. */
  private static PromptNovelty expected(List<String> prompts) {
    try (HashEncoder encoder = TestGenerator.encoder();
        INDArray condition = encoder.encode(prompts, 2, ProgressListener.NONE)) {
      return REMEMBERED.novelty(condition);
    }
  }

  /** A memory by which the tests' prompts are exactly twice as novel as they may be. */
  private static TrainingPrompts twiceTheThreshold() {
    return REMEMBERED.withThreshold(expected(PROMPTS).score() / 2);
  }

  @Test
  void theAdapterSaysHowNovelItsPromptsAre() {
    try (DragAndDrop generator = TestGenerator.builder().trainingPrompts(REMEMBERED).build();
        LoraAdapter adapter = generator.generate(PROMPTS)) {
      assertThat(expected(PROMPTS).score()).isPositive();
      assertThat(PromptNovelty.of(adapter)).contains(expected(PROMPTS));
      assertThat(adapter.metadata())
          .containsEntry("dnd4j.nearest_training_set", expected(PROMPTS).nearest())
          .doesNotContainKey("dnd4j.strength");
    }
  }

  @Test
  void itCanBeAskedWithoutGenerating() {
    LinearDecoder decoder = TestGenerator.decoder();
    HashEncoder encoder = TestGenerator.encoder();
    try (DragAndDrop generator =
        TestGenerator.builder()
            .encoder(encoder)
            .decoder(decoder)
            .trainingPrompts(REMEMBERED)
            .build()) {
      assertThat(generator.novelty(PROMPTS)).contains(expected(PROMPTS));
      assertThat(decoder.given).isEmpty();
      assertThat(encoder.given).singleElement().matches(INDArray::wasClosed, "freed");
      assertThat(generator.trainingPrompts()).contains(REMEMBERED);
    }
  }

  @Test
  void itIsOfThePromptsThatTheSeedDraws() {
    List<String> many = IntStream.range(0, 50).mapToObj(i -> "prompt " + i).toList();
    GenerationOptions options = GenerationOptions.defaults().withSeed(3);
    try (DragAndDrop generator = TestGenerator.builder().trainingPrompts(REMEMBERED).build();
        LoraAdapter adapter = generator.generate(many, options)) {
      assertThat(PromptNovelty.of(adapter))
          .isEqualTo(generator.novelty(many, options))
          .isNotEqualTo(generator.novelty(many));
    }
  }

  @Test
  void generationsAtTheSameTimeKeepTheirsApart() {
    List<List<String>> tasks =
        IntStream.range(0, 24).mapToObj(i -> List.of("a" + i, "b" + i, "c" + i)).toList();
    // The tests' own encoder and decoder note what they give, one at a time.
    HashEncoder encoder =
        new HashEncoder(4) {
          @Override
          public synchronized INDArray encode(
              List<String> prompts, int length, ProgressListener progress) {
            return super.encode(prompts, length, progress);
          }
        };
    LinearDecoder decoder =
        new LinearDecoder(TestGenerator.TOKENS, 1) {
          @Override
          public synchronized INDArray decode(INDArray conditions, ProgressListener progress) {
            return super.decode(conditions, progress);
          }
        };
    try (DragAndDrop generator =
        TestGenerator.builder()
            .encoder(encoder)
            .decoder(decoder)
            .trainingPrompts(REMEMBERED)
            .build()) {
      List<Optional<PromptNovelty>> found =
          tasks.parallelStream()
              .map(
                  prompts -> {
                    try (LoraAdapter adapter = generator.generate(prompts)) {
                      return PromptNovelty.of(adapter);
                    }
                  })
              .toList();

      assertThat(found)
          .isEqualTo(tasks.stream().map(prompts -> Optional.of(expected(prompts))).toList());
    }
  }

  @Test
  void aScaledAdapterHasTheStrengthTimesTheChange() {
    try (DragAndDrop generator =
            TestGenerator.builder().trainingPrompts(twiceTheThreshold()).build();
        LoraAdapter whole = generator.generate(PROMPTS);
        LoraAdapter scaled = generator.generate(PROMPTS, SCALED);
        INDArray change = change(whole);
        INDArray scaledChange = change(scaled)) {
      assertThat(scaled.metadata()).containsEntry("dnd4j.strength", "0.5");
      assertThat(PromptNovelty.of(scaled).orElseThrow().strength()).isEqualTo(0.5);
      // A half is exact in binary, so this is too.
      assertThat(HostFloats.toArray(scaledChange)).isEqualTo(HostFloats.toArray(change.muli(0.5)));
      assertThat(HostFloats.toArray(scaled.weights(MODULE).a()))
          .isEqualTo(HostFloats.toArray(whole.weights(MODULE).a()));
    }
  }

  @Test
  void aFamiliarAdapterIsBroughtTowardsTheNormOfTheTraining() {
    try (DragAndDrop plain = TestGenerator.builder().build();
        LoraAdapter whole = plain.generate(PROMPTS)) {
      double norm = LoraGeometry.norm(whole);
      // given prompts half way to the threshold, and adapters of the training twice as strong
      TrainingPrompts memory =
          REMEMBERED.withThreshold(2 * expected(PROMPTS).score()).withChangeNorm(2 * norm);
      try (DragAndDrop generator = TestGenerator.builder().trainingPrompts(memory).build();
          LoraAdapter scaled = generator.generate(PROMPTS, SCALED)) {
        // when, then
        assertThat(Provenance.strengthOf(scaled).orElseThrow()).isCloseTo(1.5, within(1e-6));
        assertThat(LoraGeometry.norm(scaled)).isCloseTo(1.5 * norm, within(1e-5 * norm));
        assertThat(Provenance.strengthOf(whole)).isEmpty();
      }
    }
  }

  private static INDArray change(LoraAdapter adapter) {
    return adapter.weights(MODULE).b().mmul(adapter.weights(MODULE).a());
  }

  @Test
  void anAdapterOfFamiliarPromptsIsNotScaledAndSaysSo() {
    try (DragAndDrop generator =
            TestGenerator.builder().trainingPrompts(REMEMBERED.withThreshold(100)).build();
        LoraAdapter whole = generator.generate(PROMPTS);
        LoraAdapter asked = generator.generate(PROMPTS, SCALED)) {
      assertThat(TestGenerator.numbers(asked)).isEqualTo(TestGenerator.numbers(whole));
      assertThat(asked.metadata()).containsEntry("dnd4j.strength", "1.0");
    }
  }

  @Test
  void withoutAMemoryThereIsNoNoveltyAndNoScaling() {
    HashEncoder encoder = TestGenerator.encoder();
    try (DragAndDrop generator = TestGenerator.builder().id("old").encoder(encoder).build()) {
      assertThat(generator.trainingPrompts()).isEmpty();
      assertThat(generator.novelty(PROMPTS)).isEmpty();
      assertThatThrownBy(() -> generator.generate(PROMPTS, SCALED))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("generator old remembers no training prompts")
          .hasMessageContaining("leave scaledByNovelty off");
      assertThat(encoder.given).as("conditions made for nothing").isEmpty();
    }
  }

  @Test
  void promptsAreCheckedHereToo() {
    DragAndDrop generator = TestGenerator.builder().build();
    assertThatThrownBy(() -> generator.novelty(List.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("no prompts");
    generator.close();
    assertThatThrownBy(() -> generator.novelty(PROMPTS)).hasMessageContaining("closed");
  }

  /** Writes down what it hears. */
  private static final class Recorder implements GenerationListener {

    private final List<String> heard = new ArrayList<>();
    private final List<PromptNovelty> novelties = new ArrayList<>();

    @Override
    public void onNovelty(PromptNovelty novelty) {
      heard.add("novelty");
      novelties.add(novelty);
    }

    @Override
    public void onStageFinished(Stage stage, Duration duration) {
      heard.add(stage.name());
    }
  }

  @Test
  void theListenerHearsOfItBeforeTheDecoderRuns() {
    Recorder recorder = new Recorder();
    try (DragAndDrop generator =
            TestGenerator.builder().trainingPrompts(REMEMBERED).listener(recorder).build();
        LoraAdapter adapter = generator.generate(PROMPTS)) {
      assertThat(recorder.heard).containsExactly("ENCODE", "novelty", "DECODE", "DETOKENIZE");
      assertThat(recorder.novelties).containsExactly(PromptNovelty.of(adapter).orElseThrow());
    }
  }

  @Test
  void theListenerMayRefuseWhatIsTooNovel() {
    HashEncoder encoder = TestGenerator.encoder();
    LinearDecoder decoder = TestGenerator.decoder();
    IllegalStateException lost = new IllegalStateException("too novel");
    GenerationListener refusing =
        new GenerationListener() {
          @Override
          public void onNovelty(PromptNovelty novelty) {
            throw lost;
          }
        };
    try (DragAndDrop generator =
        TestGenerator.builder()
            .encoder(encoder)
            .decoder(decoder)
            .trainingPrompts(REMEMBERED)
            .listener(refusing)
            .build()) {
      assertThatThrownBy(() -> generator.generate(PROMPTS)).isSameAs(lost);
      assertThat(encoder.given).singleElement().matches(INDArray::wasClosed, "freed");
      assertThat(decoder.given).isEmpty();
    }
  }

  @Test
  void novelPromptsAreWarnedOfAndOthersAreNot() {
    assertThat(logged(twiceTheThreshold()))
        .contains(
            "WARN", "generator tiny", "nearest training set is " + expected(PROMPTS).nearest())
        .contains("scaledByNovelty, which leaves 0.50 of its change");
    assertThat(logged(REMEMBERED.withThreshold(100))).isEmpty();
  }

  /** What a generation writes to the log, which is on standard error in tests. */
  private static String logged(TrainingPrompts remembered) {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DragAndDrop generator = TestGenerator.builder().trainingPrompts(remembered).build()) {
      System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
      generator.generate(PROMPTS).close();
    } finally {
      System.setErr(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theMemoryIsNoPartOfTheFingerprint() {
    try (DragAndDrop without = TestGenerator.builder().build();
        DragAndDrop with = TestGenerator.builder().trainingPrompts(REMEMBERED).build();
        LoraAdapter one = without.generate(PROMPTS);
        LoraAdapter other = with.generate(PROMPTS)) {
      assertThat(with.fingerprint()).isEqualTo(without.fingerprint());
      assertThat(TestGenerator.numbers(other)).isEqualTo(TestGenerator.numbers(one));
    }
  }

  @Test
  void aMemoryOfAnotherEncoderDoesNotFit() {
    TrainingPrompts narrow =
        new TrainingPrompts(
            8,
            List.of(
                new TrainingSet("x", new float[] {1, 0}), new TrainingSet("y", new float[] {0, 1})),
            0.1,
            0.3,
            1);
    HashEncoder encoder = TestGenerator.encoder();
    assertThatThrownBy(
            () -> TestGenerator.builder().encoder(encoder).trainingPrompts(narrow).build())
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("width 2, but the encoder gives width 4");
    assertThat(encoder.closed).isEqualTo(1);
    assertThatThrownBy(() -> DragAndDrop.builder().trainingPrompts(null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("trainingPrompts");
  }

  @Test
  void aSavedGeneratorRemembers(@TempDir Path folder) {
    Path directory = folder.resolve("generator");
    try (DragAndDrop generator =
        TestGenerator.builder().trainingPrompts(REMEMBERED.withThreshold(0.7)).build()) {
      generator.save(directory);
    }

    try (DragAndDrop loaded = DragAndDrop.load(directory)) {
      assertThat(loaded.trainingPrompts()).contains(REMEMBERED.withThreshold(0.7));
    }
  }
}
