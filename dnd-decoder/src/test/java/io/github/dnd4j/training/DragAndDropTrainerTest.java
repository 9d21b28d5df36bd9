package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.GenerationListener;
import io.github.dnd4j.GenerationOptions;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.PromptNovelty;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.listeners.CollectScoresIterationListener;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A trainer")
class DragAndDropTrainerTest {

  /** Conditions of 3 prompts of 6 tokens to the five tokens of {@link SmallWorld#TARGET}. */
  private static final HyperConvConfig CONFIG = HyperConvConfig.of("(3,6,8) (4,5,7) (5,4,6)", 3);

  private static final int STEPS = 12;

  private static final int OVERFIT_STEPS = 250;

  @TempDir private Path folder;
  private PromptCheckpointDataset dataset;

  @BeforeEach
  void data() {
    dataset =
        PromptCheckpointDataset.of(
            List.of(
                SmallWorld.task(folder, "first", 5, 3, 10),
                SmallWorld.task(folder, "second", 4, 2, 20)));
  }

  private DragAndDropTrainer.Builder builder() {
    return DragAndDropTrainer.builder()
        .encoder(new HashEncoder("test", 8))
        .decoder(HyperConvDecoder.fresh(CONFIG, 1))
        .target(SmallWorld.TARGET)
        .dataset(dataset)
        .steps(STEPS)
        .batchSize(2)
        .learningRate(1e-2);
  }

  private Path run() {
    return folder.resolve("run");
  }

  /** Remembers what it hears. */
  private static class Recorder implements TrainerListener {

    final List<TrainingStep> steps = new ArrayList<>();
    final List<Validation> validations = new ArrayList<>();
    final List<Integer> checkpoints = new ArrayList<>();
    final List<String> progress = new ArrayList<>();
    final List<Path> bad = new ArrayList<>();
    int start = -1;

    List<Double> losses() {
      return steps.stream().map(TrainingStep::loss).toList();
    }

    @Override
    public void onProgress(Stage stage, long done, long total) {
      progress.add(stage + " " + done + "/" + total);
    }

    @Override
    public void onStart(int step, int all) {
      start = step;
    }

    @Override
    public void onStep(TrainingStep step) {
      steps.add(step);
    }

    @Override
    public void onValidation(Validation validation) {
      validations.add(validation);
    }

    @Override
    public void onCheckpoint(int step, Path directory) {
      checkpoints.add(step);
      assertThat(directory).isNotEmptyDirectory();
    }

    @Override
    public synchronized void onBadCheckpoint(Path checkpoint, DragAndDropException error) {
      bad.add(checkpoint);
    }
  }

  /** Does something after one of the steps. */
  private static TrainerListener after(int step, Runnable action) {
    return new TrainerListener() {
      @Override
      public void onStep(TrainingStep made) {
        if (made.step() == step) {
          action.run();
        }
      }
    };
  }

  @Test
  @DisplayName("gives a generator that can be saved, with its provenance, and generates")
  void generator() {
    // given
    Recorder heard = new Recorder();
    try (DragAndDrop generator = builder().id("small").listener(heard).build().fit();
        // when
        LoraAdapter adapter = generator.generate(List.of("a prompt", "another"))) {
      generator.save(folder.resolve("generator"));
      // then
      assertThat(adapter.modules()).isEqualTo(SmallWorld.TARGET.modules());
      assertThat(folder.resolve("generator/generator.json"))
          .content()
          .contains("\"training steps\" : \"12\"", "first (5 prompts, 3 checkpoints)", "small");
    }
    assertThat(heard.start).isZero();
    assertThat(heard.steps).extracting(TrainingStep::step).startsWith(1, 2).hasSize(STEPS);
    assertThat(heard.progress).contains("CRITERION 5/5", "CONDITIONS 9/9");
  }

  @Test
  @DisplayName("gives a generator that can be kept in half the space, as one of its own")
  void halfPrecision() {
    // given
    Path directory = folder.resolve("half");
    try (DragAndDrop generator = builder().build().fit()) {
      // when
      generator.save(directory, WeightPrecision.BF16);
      // then
      try (DragAndDrop half =
              DragAndDrop.load(directory, new HashEncoder("test", 8), GenerationListener.NONE);
          LoraAdapter exact = generator.generate(List.of("a prompt"));
          LoraAdapter rounded = half.generate(List.of("a prompt"))) {
        assertThat(half.fingerprint()).isNotEqualTo(generator.fingerprint());
        assertThat(SmallWorld.numbers(rounded))
            .isNotEqualTo(SmallWorld.numbers(exact))
            .containsExactly(SmallWorld.numbers(exact), within(0.05f));
      }
    }
  }

  @Test
  @DisplayName("teaches a decoder to reproduce checkpoints, steered by the prompts")
  void overfits() {
    // given two data sets of one checkpoint each
    PromptCheckpointDataset two =
        PromptCheckpointDataset.of(
            List.of(
                SmallWorld.task(folder.resolve("two"), "left", 6, 1, 30),
                SmallWorld.task(folder.resolve("two"), "right", 6, 1, 40)));
    Recorder heard = new Recorder();
    DragAndDropTrainer.Builder run =
        builder()
            .dataset(two)
            .criterion(criterion())
            .steps(OVERFIT_STEPS)
            .batchSize(4)
            .warmupSteps(10)
            .weightDecay(0)
            .listener(heard);
    // when
    try (DragAndDrop generator = run.build().fit()) {
      // then
      TrainingStep first = heard.steps.get(0);
      TrainingStep last = heard.steps.get(OVERFIT_STEPS - 1);
      assertThat(last.loss()).isLessThan(0.05 * first.loss());
      assertThat(last.generatedL2()).isBetween(0.9 * last.realL2(), 1.1 * last.realL2());
      assertThat(first.generatedL2()).isLessThan(0.5 * first.realL2());
      for (TaskData own : two.tasks()) {
        TaskData other = two.without(own.name()).tasks().get(0);
        float[] generated = generate(generator, own);
        assertThat(distance(generated, own))
            .as("distance to %s", own.name())
            .isLessThan(0.5 * distance(generated, other));
      }
    }
  }

  private CriterionWeights criterion() {
    return CriterionWeights.of(
        dataset.tasks().get(0).checkpoints(), SmallWorld.TOKENIZER, ProgressListener.NONE);
  }

  private static float[] generate(DragAndDrop generator, TaskData task) {
    List<String> prompts = task.examples().stream().map(PromptExample::prompt).toList();
    try (LoraAdapter adapter = generator.generate(prompts)) {
      return SmallWorld.numbers(adapter);
    }
  }

  /** The Euclidean distance of an adapter's numbers from those of a data set's checkpoint. */
  private static double distance(float[] numbers, TaskData task) {
    try (LoraAdapter adapter = LoraAdapter.load(task.checkpoints().get(0))) {
      float[] other = SmallWorld.numbers(adapter);
      double sum = 0;
      for (int i = 0; i < other.length; i++) {
        sum += Math.pow((double) numbers[i] - other[i], 2);
      }
      return Math.sqrt(sum);
    }
  }

  @Test
  @DisplayName("makes the same decoder of the same seed, and another of another")
  void deterministic() {
    assertThat(fingerprint(builder().seed(3))).isEqualTo(fingerprint(builder().seed(3)));
    assertThat(fingerprint(builder().seed(3))).isNotEqualTo(fingerprint(builder().seed(4)));
  }

  private static String fingerprint(DragAndDropTrainer.Builder builder) {
    try (DragAndDrop generator = builder.build().fit()) {
      return generator.fingerprint();
    }
  }

  @Nested
  @DisplayName("that is stopped")
  class Stopped {

    @Test
    @DisplayName("goes on with the same losses and comes to the same weights, bit for bit")
    void resumed() {
      // given
      Recorder unbroken = new Recorder();
      String expected = fingerprint(builder().listener(unbroken));
      DragAndDropTrainer stopped =
          builder()
              .runDirectory(run())
              .listener(after(7, Thread.currentThread()::interrupt))
              .build();
      // when
      assertThatThrownBy(stopped::fit)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("after step 7 of 12")
          .hasMessageContaining("start it again");
      assertThat(Thread.interrupted()).as("the thread is still interrupted").isTrue();
      Recorder rest = new Recorder();
      String resumed = fingerprint(builder().runDirectory(run()).listener(rest));
      // then
      assertThat(rest.start).isEqualTo(7);
      assertThat(rest.losses()).isEqualTo(unbroken.losses().subList(7, STEPS));
      assertThat(resumed).isEqualTo(expected);
    }

    @Test
    @DisplayName("while it is about to write a checkpoint still writes it whole")
    void interruptedBeforeCheckpoint() {
      // given
      Recorder heard = new Recorder();
      DragAndDropTrainer stopped =
          builder()
              .checkpoints(4, 2)
              .runDirectory(run())
              .listener(
                  new Recorder() {
                    @Override
                    public void onStep(TrainingStep made) {
                      if (made.step() == 4) {
                        Thread.currentThread().interrupt();
                      }
                    }

                    @Override
                    public void onCheckpoint(int step, Path directory) {
                      heard.checkpoints.add(step);
                    }
                  })
              .build();
      // when
      assertThatThrownBy(stopped::fit).hasMessageContaining("after step 4 of 12");
      assertThat(Thread.interrupted()).isTrue();
      // then
      assertThat(heard.checkpoints).containsExactly(4);
      Recorder rest = new Recorder();
      builder().checkpoints(4, 2).runDirectory(run()).listener(rest).build().fit().close();
      assertThat(rest.start).isEqualTo(4);
    }

    @Test
    @DisplayName("while it is about to be validated is validated, and keeps its checkpoint")
    void interruptedBeforeValidation() {
      // given
      Recorder heard = new Recorder();
      DragAndDropTrainer.Builder run =
          builder()
              .validation(dataset.only("second"))
              .validate(5, 2)
              .runDirectory(run())
              .listener(
                  new Recorder() {
                    @Override
                    public void onStep(TrainingStep made) {
                      if (made.step() == 5) {
                        Thread.currentThread().interrupt();
                      }
                    }

                    @Override
                    public void onValidation(Validation validation) {
                      heard.onValidation(validation);
                    }
                  });
      // when
      assertThatThrownBy(run.build()::fit).hasMessageContaining("after step 5 of 12");
      assertThat(Thread.interrupted()).isTrue();
      // then
      assertThat(heard.validations).extracting(Validation::step).containsExactly(5);
      assertThat(run().resolve("checkpoints/step-0000005")).isNotEmptyDirectory();
    }

    @Test
    @DisplayName("by whatever error goes on from its last checkpoint")
    void killed() {
      // given a run that dies between checkpoints
      String expected = fingerprint(builder().checkpoints(4, 2));
      Error death = new AssertionError("death");
      DragAndDropTrainer killed =
          builder()
              .checkpoints(4, 2)
              .runDirectory(run())
              .listener(
                  after(
                      10,
                      () -> {
                        throw death;
                      }))
              .build();
      assertThatThrownBy(killed::fit).isSameAs(death);
      // when
      Recorder rest = new Recorder();
      String resumed = fingerprint(builder().checkpoints(4, 2).runDirectory(run()).listener(rest));
      // then
      assertThat(rest.start).isEqualTo(8);
      assertThat(resumed).isEqualTo(expected);
    }

    @Test
    @DisplayName("while nothing is kept cannot be resumed, and says so")
    void withoutDirectory() {
      DragAndDropTrainer trainer =
          builder().listener(after(2, Thread.currentThread()::interrupt)).build();
      assertThatThrownBy(trainer::fit)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("without a run directory");
      assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    @DisplayName("is not mixed up with another run in its directory")
    void anotherRun() {
      // given
      builder().runDirectory(run()).build().fit().close();
      // when
      DragAndDropTrainer other = builder().learningRate(2e-2).runDirectory(run()).build();
      // then
      assertThatThrownBy(other::fit)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("learning rate 0.01 there, 0.02 here")
          .hasMessageContaining("another run directory");
    }

    @Test
    @DisplayName("at its end gives the finished generator again without a step")
    void finished() {
      // given
      String first = fingerprint(builder().runDirectory(run()));
      Recorder heard = new Recorder();
      // when
      String second = fingerprint(builder().runDirectory(run()).listener(heard));
      // then
      assertThat(second).isEqualTo(first);
      assertThat(heard.steps).isEmpty();
      assertThat(heard.start).isEqualTo(STEPS);
    }

    @Test
    @DisplayName("by kill leaves half written files, which the next start removes")
    void leftovers() throws IOException {
      // given
      Path half =
          run().resolve("checkpoints/.step-0000004.123e4567-e89b-12d3-a456-426614174000.tmp");
      Files.createDirectories(half);
      Files.writeString(half.resolve("decoder.safetensors"), "half");
      // when
      builder().runDirectory(run()).build().fit().close();
      // then
      assertThat(half).doesNotExist();
    }
  }

  @Nested
  @DisplayName("with a run directory")
  class Checkpoints {

    @Test
    @DisplayName("keeps the last checkpoints and the best decoder")
    void kept() throws IOException {
      // given
      Recorder heard = new Recorder();
      // when
      builder().checkpoints(3, 2).runDirectory(run()).listener(heard).build().fit().close();
      // then
      assertThat(heard.checkpoints).containsExactly(3, 6, 9, 12);
      try (Stream<Path> entries = Files.list(run().resolve("checkpoints"))) {
        assertThat(entries)
            .extracting(path -> path.getFileName().toString())
            .containsExactlyInAnyOrder("step-0000009", "step-0000012");
      }
      assertThat(run().resolve("best.safetensors")).isRegularFile();
    }

    @Test
    @DisplayName("gives the weights of the lowest validation loss if it is told to")
    void best() {
      // given a run whose rate is far too high to stay at its best
      Recorder heard = new Recorder();
      DragAndDropTrainer.Builder wild =
          builder()
              .learningRate(0.3)
              .warmupSteps(6)
              .validation(dataset.only("second"))
              .validate(1, 2)
              .runDirectory(run())
              .listener(heard)
              .result(DragAndDropTrainer.Result.BEST);
      // when
      try (DragAndDrop generator = wild.build().fit()) {
        generator.save(folder.resolve("generator"));
      }
      // then
      Validation lowest =
          heard.validations.stream()
              .min(java.util.Comparator.comparingDouble(Validation::loss))
              .orElseThrow();
      assertThat(heard.validations).hasSize(STEPS);
      assertThat(lowest.best()).isTrue();
      assertThat(lowest.step()).isLessThan(STEPS);
      assertThat(folder.resolve("generator/generator.json"))
          .content()
          .contains(lowest.loss() + " after step " + lowest.step());
      try (HyperConvDecoder given =
              HyperConvDecoder.load(folder.resolve("generator/decoder.safetensors"), CONFIG);
          HyperConvDecoder best =
              HyperConvDecoder.load(run().resolve("best.safetensors"), CONFIG)) {
        assertThat(given.fingerprint()).isEqualTo(best.fingerprint());
      }
    }

    @Test
    @DisplayName("that cannot be written says so, and leaves the last checkpoint as it was")
    void unwritable() throws IOException {
      // given a folder that becomes a file while the run goes
      Path checkpoints = run().resolve("checkpoints");
      Path aside = folder.resolve("aside");
      DragAndDropTrainer trainer =
          builder()
              .checkpoints(4, 3)
              .runDirectory(run())
              .listener(
                  after(
                      6,
                      () -> {
                        try {
                          Files.move(checkpoints, aside);
                          Files.writeString(checkpoints, "in the way");
                        } catch (IOException e) {
                          throw new AssertionError(e);
                        }
                      }))
              .build();
      // when
      assertThatThrownBy(trainer::fit)
          .isInstanceOf(FileAccessException.class)
          .hasMessageContaining("checkpoint of step 8 cannot be written")
          .hasMessageContaining("start it again");
      // then
      Files.delete(checkpoints);
      Files.move(aside, checkpoints);
      Recorder rest = new Recorder();
      builder().checkpoints(4, 3).runDirectory(run()).listener(rest).build().fit().close();
      assertThat(rest.start).isEqualTo(4);
    }

    @Test
    @DisplayName("never encodes a prompt twice, not even in a second run")
    void encodesOnce() {
      // given
      HashEncoder encoder = new HashEncoder("test", 8);
      builder().encoder(encoder).runDirectory(run()).build().fit().close();
      assertThat(encoder.calls).hasSize(9);
      HashEncoder second = new HashEncoder("test", 8);
      // when
      builder().encoder(second).runDirectory(run()).build().fit().close();
      // then
      assertThat(second.calls).isEmpty();
    }
  }

  @Nested
  @DisplayName("with data that is")
  class Data {

    private Path broken() throws IOException {
      Path checkpoint = dataset.tasks().get(0).checkpoints().get(1);
      Files.writeString(checkpoint.resolve("adapter_model.safetensors"), "nothing of the kind");
      return checkpoint;
    }

    @Test
    @DisplayName("broken stops and names the checkpoint")
    void stops() throws IOException {
      // given
      Path broken = broken();
      DragAndDropTrainer trainer = builder().build();
      // when, then
      assertThatThrownBy(trainer::fit)
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining(broken.toString());
    }

    @Test
    @DisplayName("broken goes on without the checkpoint if it is told to")
    void skips() throws IOException {
      // given
      Path broken = broken();
      Recorder heard = new Recorder();
      // when
      builder().badCheckpoints(BadCheckpoints.SKIP).listener(heard).build().fit().close();
      // then
      assertThat(heard.bad).containsExactly(broken);
      assertThat(heard.steps).hasSize(STEPS);
    }

    @Test
    @DisplayName("mixed from several data sets is learned too, and resumes as well")
    void mixed() {
      // given
      TaskMixing mixing = new TaskMixing(0.5, 2, 1);
      String expected = fingerprint(builder().taskMixing(mixing).promptDropout(0.1));
      DragAndDropTrainer stopped =
          builder()
              .taskMixing(mixing)
              .promptDropout(0.1)
              .runDirectory(run())
              .listener(after(5, Thread.currentThread()::interrupt))
              .build();
      assertThatThrownBy(stopped::fit).isInstanceOf(DragAndDropException.class);
      assertThat(Thread.interrupted()).isTrue();
      // when, then
      assertThat(fingerprint(builder().taskMixing(mixing).promptDropout(0.1).runDirectory(run())))
          .isEqualTo(expected);
    }
  }

  @Nested
  @DisplayName("gives a generator that")
  class Memory {

    private static final String ODD_NAME = "odd \"name\",\n\u00e4 = [1]";

    private DragAndDropTrainer.Builder topics() {
      return builder()
          .encoder(new TopicEncoder(8))
          .dataset(
              PromptCheckpointDataset.of(
                  List.of(
                      SmallWorld.task(folder, "birds", 12, 2, 10),
                      SmallWorld.task(folder, "ships", 12, 2, 20),
                      renamed(SmallWorld.task(folder, "stones", 4, 2, 30)))));
    }

    private TaskData renamed(TaskData task) {
      return new TaskData(ODD_NAME, task.examples(), task.checkpoints());
    }

    private PromptNovelty novelty(LoraAdapter adapter) {
      return PromptNovelty.of(adapter).orElseThrow();
    }

    @Test
    @DisplayName("knows prompts like those of its training from others, also when it is saved")
    void knowsPrompts() {
      // given
      List<String> familiar = List.of("ships at sea", "ships in port", "ships of the line");
      List<String> novel = List.of("songs of old", "songs of love", "songs for two");
      try (DragAndDrop generator = topics().build().fit();
          // when
          LoraAdapter known = generator.generate(familiar);
          LoraAdapter unknown = generator.generate(novel)) {
        // then
        assertThat(novelty(known).nearest()).isEqualTo("ships");
        assertThat(novelty(known).score()).isLessThan(0.5);
        assertThat(novelty(unknown).score()).isGreaterThan(2 * novelty(known).score() + 0.3);
        // and so does one that was saved
        generator.save(folder.resolve("generator"));
        try (DragAndDrop loaded = load(folder.resolve("generator"))) {
          assertThat(loaded.trainingPrompts()).isEqualTo(generator.trainingPrompts());
          assertThat(loaded.novelty(novel)).contains(novelty(unknown));
        }
        // and an adapter says it as a PEFT directory, too
        unknown.save(folder.resolve("adapter"));
        try (LoraAdapter peft = LoraAdapter.load(folder.resolve("adapter"))) {
          assertThat(novelty(peft)).isEqualTo(novelty(unknown));
        }
      }
    }

    private DragAndDrop load(Path directory) {
      return DragAndDrop.load(directory, new TopicEncoder(8), GenerationListener.NONE);
    }

    @Test
    @DisplayName("scales an adapter by exactly the strength that it says")
    void scales() {
      // given a generator that takes nearly everything for novel
      try (DragAndDrop generator = topics().build().fit()) {
        generator.save(folder.resolve("generator"));
      }
      List<String> prompts = List.of("songs of old");
      try (DragAndDrop strict = strict(folder.resolve("generator"));
          // when
          LoraAdapter whole = strict.generate(prompts);
          LoraAdapter scaled =
              strict.generate(prompts, GenerationOptions.defaults().withScaledByNovelty(true))) {
        // then
        float strength = (float) novelty(whole).strength();
        assertThat(strength).isBetween(0.01f, 0.9f);
        assertThat(scaled.metadata())
            .containsEntry("dnd4j.strength", Double.toString(novelty(whole).strength()));
        for (LoraModule module : SmallWorld.TARGET.modules()) {
          float[] expected = HostFloats.toArray(whole.weights(module.path()).b());
          for (int i = 0; i < expected.length; i++) {
            expected[i] *= strength;
          }
          assertThat(HostFloats.toArray(scaled.weights(module.path()).b())).isEqualTo(expected);
          assertThat(HostFloats.toArray(scaled.weights(module.path()).a()))
              .isEqualTo(HostFloats.toArray(whole.weights(module.path()).a()));
        }
      }
    }

    /** The saved generator with a tenth of the threshold. */
    private DragAndDrop strict(Path directory) {
      try (DragAndDrop loaded = load(directory)) {
        return DragAndDrop.builder()
            .encoder(new TopicEncoder(8))
            .decoder(HyperConvDecoder.load(directory.resolve("decoder.safetensors"), CONFIG))
            .target(SmallWorld.TARGET)
            .trainingPrompts(loaded.trainingPrompts().orElseThrow().withThreshold(0.1))
            .build();
      }
    }

    @Test
    @DisplayName("remembers the same prompts when the run was stopped and resumed")
    void resumes() {
      // given
      TrainingPrompts expected = memory(topics().taskMixing(new TaskMixing(0.5, 2, 1)));
      DragAndDropTrainer.Builder stopped =
          topics()
              .taskMixing(new TaskMixing(0.5, 2, 1))
              .runDirectory(run())
              .listener(after(5, Thread.currentThread()::interrupt));
      assertThatThrownBy(() -> stopped.build().fit()).isInstanceOf(DragAndDropException.class);
      assertThat(Thread.interrupted()).isTrue();
      // when
      TrainingPrompts resumed =
          memory(topics().taskMixing(new TaskMixing(0.5, 2, 1)).runDirectory(run()));
      // then
      assertThat(resumed).isEqualTo(expected);
      assertThat(expected.sets())
          .extracting(TrainingPrompts.TrainingSet::name)
          .containsExactly("birds", "ships", ODD_NAME);
      // and task mixing makes no difference
      assertThat(memory(topics())).isEqualTo(expected);
    }

    private TrainingPrompts memory(DragAndDropTrainer.Builder builder) {
      try (DragAndDrop generator = builder.build().fit()) {
        return generator.trainingPrompts().orElseThrow();
      }
    }

    @Test
    @DisplayName("remembers nothing of the sets that it was only validated with")
    void validation() {
      PromptCheckpointDataset other =
          PromptCheckpointDataset.of(List.of(SmallWorld.task(folder, "songs", 4, 1, 50)));
      assertThat(memory(topics().validation(other))).isEqualTo(memory(topics()));
    }

    @Test
    @DisplayName("remembers nothing if it was trained on one set")
    void oneSet() {
      try (DragAndDrop generator = builder().dataset(dataset.only("first")).build().fit()) {
        assertThat(generator.trainingPrompts()).isEmpty();
        assertThat(generator.novelty(List.of("a prompt"))).isEmpty();
      }
    }

    @Test
    @DisplayName("is given also when an interruption comes with the last step")
    void interruptedAtTheEnd() {
      DragAndDropTrainer.Builder run =
          topics().runDirectory(run()).listener(after(STEPS, Thread.currentThread()::interrupt));
      TrainingPrompts remembered = memory(run);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(remembered).isEqualTo(memory(topics()));
    }
  }

  @Test
  @DisplayName("stops with advice when training diverges")
  void diverges() {
    DragAndDropTrainer trainer =
        builder().learningRate(1e30).runDirectory(run()).checkpoints(1, 1).build();
    assertThatThrownBy(trainer::fit)
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("training diverged")
        .hasMessageContaining("lower learning rate");
  }

  @Test
  @DisplayName("tells DL4J's listeners of every phase, the DL4J UI's among them")
  void networkListeners() {
    // given
    CollectScoresIterationListener scores = new CollectScoresIterationListener(1);
    InMemoryStatsStorage storage = new InMemoryStatsStorage();
    List<String> phases = new ArrayList<>();
    Recorder heard = new Recorder();
    // when
    builder()
        .networkListeners(scores, new StatsListener(storage, 1), new PhaseListener(phases))
        .listener(heard)
        .build()
        .fit()
        .close();
    // then
    assertThat(phases.subList(0, 5))
        .containsExactly("epoch start", "forward 2 layers", "gradient", "backward", "iteration 0");
    assertThat(phases).contains("epoch end", "iteration 11");
    assertThat(scores.getScoreVsIter().getEffectiveScores()).hasSize(STEPS);
    assertThat(scores.getScoreVsIter().getEffectiveScores()[0]).isEqualTo(heard.losses().get(0));
    String session = storage.listSessionIDs().get(0);
    assertThat(storage.getAllUpdatesAfter(session, StatsListener.TYPE_ID, 0)).hasSize(STEPS);
  }

  /** Writes down what DL4J's listeners are told. */
  private static final class PhaseListener extends BaseTrainingListener {

    private final List<String> phases;

    PhaseListener(List<String> phases) {
      this.phases = phases;
    }

    @Override
    public void onEpochStart(Model model) {
      phases.add("epoch start");
    }

    @Override
    public void onEpochEnd(Model model) {
      phases.add("epoch end");
    }

    @Override
    public void onForwardPass(
        Model model, java.util.Map<String, org.nd4j.linalg.api.ndarray.INDArray> activations) {
      phases.add("forward " + activations.size() + " layers");
    }

    @Override
    public void onGradientCalculation(Model model) {
      phases.add("gradient");
    }

    @Override
    public void onBackwardPass(Model model) {
      phases.add("backward");
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      phases.add("iteration " + iteration);
    }
  }

  @Test
  @DisplayName("refuses what does not fit together, and closes what it was given")
  void refused() {
    assertThatThrownBy(() -> DragAndDropTrainer.builder().build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("encoder");
    HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 1);
    assertThatThrownBy(() -> builder().decoder(decoder).encoder(new HashEncoder("x", 9)).build())
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("width 9");
    assertThatThrownBy(decoder::graph).hasMessageContaining("closed");
    assertThatThrownBy(() -> builder().target(LoraTargets.MINILM_L6).build())
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("minilm-l6");
    assertThatThrownBy(() -> builder().result(DragAndDropTrainer.Result.BEST).build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("runDirectory");
    assertThatThrownBy(() -> builder().clipNorm(0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("clipNorm");
    assertThatThrownBy(() -> builder().noise(-1, 0)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> builder().promptDropout(1)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> builder().warmupSteps(STEPS).build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("warm-up");
  }

  @Test
  @DisplayName("runs once")
  void once() {
    DragAndDropTrainer trainer = builder().build();
    trainer.fit().close();
    assertThatThrownBy(trainer::fit).hasMessageContaining("once");
  }
}
