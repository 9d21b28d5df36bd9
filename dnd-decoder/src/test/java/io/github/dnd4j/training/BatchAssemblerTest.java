package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.training.TrainingItem.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Training batches")
class BatchAssemblerTest {

  private static final int PROMPTS = 4;
  private static final int LENGTH = 3;
  private static final int DIMENSION = 5;
  private static final int CONDITION = LENGTH * DIMENSION;
  private static final long SEED = 11;

  /** A seed for the weights of every checkpoint: of "a" from 100, of "b" from 200. */
  private static final List<String> NAMES = List.of("a", "b");

  @TempDir private Path folder;

  private final ConditionCache cache =
      ConditionCache.open(new HashEncoder("one", DIMENSION), LENGTH, 1 << 20, null);
  private final List<Path> skipped = new ArrayList<>();

  @AfterEach
  void close() {
    cache.close();
  }

  private PromptCheckpointDataset dataset() {
    return PromptCheckpointDataset.of(
        IntStream.range(0, NAMES.size())
            .mapToObj(i -> SmallWorld.task(folder, NAMES.get(i), 10, 3, 100L * (i + 1)))
            .toList());
  }

  private static float[] weights(Part part) {
    return SmallWorld.weights(
        100L * (NAMES.indexOf(part.task().name()) + 1) + part.checkpointIndex());
  }

  private static BatchSettings settings(
      TaskMixing mixing, double conditionNoise, double targetNoise, double dropout) {
    return new BatchSettings(
        ConditionForm.prompts(),
        mixing,
        conditionNoise,
        targetNoise,
        dropout,
        BadCheckpoints.STOP,
        SEED);
  }

  private static BatchSettings plain(BadCheckpoints policy) {
    return new BatchSettings(ConditionForm.prompts(), TaskMixing.OFF, 0, 0, 0, policy, SEED);
  }

  private BatchAssembler assembler(PromptCheckpointDataset dataset, BatchSettings settings) {
    return assembler(dataset, settings, 1 << 20);
  }

  private BatchAssembler assembler(
      PromptCheckpointDataset dataset, BatchSettings settings, long budget) {
    return new BatchAssembler(
        dataset,
        cache,
        SmallWorld.TARGET,
        SmallWorld.ENCODING,
        PROMPTS,
        settings,
        budget,
        (path, e) -> skipped.add(path));
  }

  private static ItemSampler samplerOf(PromptCheckpointDataset dataset, BatchSettings settings) {
    return new ItemSampler(dataset, settings.form(), settings.mixing(), PROMPTS, settings.seed());
  }

  /** The values of one item of a batch. */
  private static float[] row(float[] values, int item, int size) {
    return Arrays.copyOfRange(values, item * size, (item + 1) * size);
  }

  @Test
  @DisplayName("hold the conditions of the prompts and the tokens of the checkpoints")
  void content() {
    // given
    PromptCheckpointDataset dataset = dataset();
    BatchSettings settings = plain(BadCheckpoints.STOP);
    ItemSampler sampler = samplerOf(dataset, settings);
    try (BatchAssembler assembler = assembler(dataset, settings);
        // when
        TrainingBatch batch = assembler.assemble(4, 3)) {
      // then
      assertThat(batch.conditions().shape()).containsExactly(3, PROMPTS, LENGTH, DIMENSION);
      assertThat(batch.targets().shape()).containsExactly(3, 5, 4, 6);
      float[] conditions = HostFloats.toArray(batch.conditions());
      float[] targets = HostFloats.toArray(batch.targets());
      for (int i = 0; i < 3; i++) {
        Part part = sampler.item(4 + i).parts().get(0);
        float[] tokens = SmallWorld.tokens(weights(part));
        assertThat(row(targets, i, SmallWorld.TOKEN_CELLS)).containsExactly(tokens);
        assertThat(tokens).contains(Float.NaN);
        for (int n = 0; n < PROMPTS; n++) {
          assertThat(row(conditions, i * PROMPTS + n, CONDITION))
              .containsExactly(HashEncoder.statesOf(part.texts().get(n), LENGTH, DIMENSION));
        }
      }
    }
  }

  @Test
  @DisplayName("of mixed items have the weighted mean of A and of B as target, then tokenised")
  void mixedTargets() {
    // given
    PromptCheckpointDataset dataset = dataset();
    BatchSettings settings = settings(new TaskMixing(1, 2, 1), 0, 0, 0);
    ItemSampler sampler = samplerOf(dataset, settings);
    int mixed = 0;
    try (BatchAssembler assembler = assembler(dataset, settings)) {
      for (int i = 0; i < 20; i++) {
        // when
        float[] targets;
        try (TrainingBatch batch = assembler.assemble(i, 1)) {
          targets = HostFloats.toArray(batch.targets());
        }
        // then
        List<Part> parts = sampler.item(i).parts();
        double[] mean = new double[(int) SmallWorld.TARGET.parameterCount()];
        for (Part part : parts) {
          float[] weights = weights(part);
          for (int w = 0; w < mean.length; w++) {
            mean[w] += part.texts().size() / (double) PROMPTS * weights[w];
          }
        }
        float[] rounded = new float[mean.length];
        for (int w = 0; w < mean.length; w++) {
          rounded[w] = (float) mean[w];
        }
        assertThat(targets).containsExactly(SmallWorld.tokens(rounded), within(1e-6f));
        mixed += parts.size() - 1;
      }
    }
    assertThat(mixed).isGreaterThan(5);
  }

  @Test
  @DisplayName("of mixed items have the texts of all their data sets, in random order")
  void mixedConditions() {
    // given
    PromptCheckpointDataset dataset = dataset();
    BatchSettings settings = settings(new TaskMixing(1, 2, 1000), 0, 0, 0); // 2 prompts of each
    ItemSampler sampler = samplerOf(dataset, settings);
    int inOrder = 0;
    try (BatchAssembler assembler = assembler(dataset, settings)) {
      for (int i = 0; i < 30; i++) {
        // when
        List<float[]> rows = new ArrayList<>();
        try (TrainingBatch batch = assembler.assemble(i, 1)) {
          float[] conditions = HostFloats.toArray(batch.conditions());
          IntStream.range(0, PROMPTS).forEach(n -> rows.add(row(conditions, n, CONDITION)));
        }
        // then
        List<float[]> expected =
            sampler.item(i).parts().stream()
                .flatMap(part -> part.texts().stream())
                .map(text -> HashEncoder.statesOf(text, LENGTH, DIMENSION))
                .toList();
        assertThat(rows).containsExactlyInAnyOrderElementsOf(expected);
        inOrder += Arrays.deepEquals(rows.toArray(), expected.toArray()) ? 1 : 0;
      }
    }
    assertThat(inOrder).isLessThan(10); // 1 in 24 by chance
  }

  @Test
  @DisplayName("are the same whatever batch an item is in, noise and all")
  void independentOfBatches() {
    PromptCheckpointDataset dataset = dataset();
    BatchSettings settings = settings(new TaskMixing(0.5, 2, 1), 0.1, 0.1, 0.2);
    try (BatchAssembler one = assembler(dataset, settings);
        BatchAssembler two = assembler(dataset, settings, 0);
        TrainingBatch whole = one.assemble(0, 6);
        TrainingBatch late = two.assemble(3, 3)) {
      float[] conditions = HostFloats.toArray(whole.conditions());
      float[] targets = HostFloats.toArray(whole.targets());
      assertThat(HostFloats.toArray(late.conditions()))
          .containsExactly(
              Arrays.copyOfRange(conditions, conditions.length / 2, conditions.length));
      assertThat(HostFloats.toArray(late.targets()))
          .containsExactly(Arrays.copyOfRange(targets, targets.length / 2, targets.length));
    }
  }

  @Test
  @DisplayName("get noise of mean 0 and of the deviation that is asked for, and NaN stays NaN")
  void noise() {
    // given
    PromptCheckpointDataset dataset = dataset();
    try (BatchAssembler exactly = assembler(dataset, settings(TaskMixing.OFF, 0, 0, 0));
        BatchAssembler noisily = assembler(dataset, settings(TaskMixing.OFF, 0.5, 0.25, 0));
        // when
        TrainingBatch exact = exactly.assemble(0, 200);
        TrainingBatch noisy = noisily.assemble(0, 200)) {
      // then of 12,000 and 13,600 numbers
      checkNoise(differences(exact.conditions(), noisy.conditions()), 0.5);
      checkNoise(differences(exact.targets(), noisy.targets()), 0.25);
    }
  }

  private static double[] differences(INDArray exact, INDArray noisy) {
    float[] from = HostFloats.toArray(exact);
    float[] to = HostFloats.toArray(noisy);
    for (int i = 0; i < from.length; i++) {
      assertThat(Float.isNaN(to[i])).isEqualTo(Float.isNaN(from[i]));
    }
    return IntStream.range(0, from.length)
        .filter(i -> !Float.isNaN(from[i]))
        .mapToDouble(i -> (double) to[i] - from[i])
        .toArray();
  }

  /** Within five standard errors. */
  private static void checkNoise(double[] noise, double deviation) {
    double mean = Arrays.stream(noise).average().orElseThrow();
    double square = Arrays.stream(noise).map(x -> x * x).average().orElseThrow();
    double error = deviation / Math.sqrt(noise.length);
    assertThat(mean).isCloseTo(0, within(5 * error));
    assertThat(Math.sqrt(square)).isCloseTo(deviation, within(5 * error));
    assertThat(Arrays.stream(noise).distinct().count()).isGreaterThan(noise.length / 2);
  }

  @Test
  @DisplayName("have some texts dropped: zeros, and noise on them")
  void dropout() {
    PromptCheckpointDataset dataset = dataset();
    // given
    try (BatchAssembler assembler = assembler(dataset, settings(TaskMixing.OFF, 0, 0, 0.25));
        BatchAssembler noisily = assembler(dataset, settings(TaskMixing.OFF, 0.01, 0, 0.25));
        // when
        TrainingBatch batch = assembler.assemble(0, 200);
        TrainingBatch noisy = noisily.assemble(0, 200)) {
      // then
      float[] values = HostFloats.toArray(batch.conditions());
      List<float[]> rows =
          IntStream.range(0, 200 * PROMPTS).mapToObj(i -> row(values, i, CONDITION)).toList();
      float[] zeros = new float[CONDITION];
      long dropped = rows.stream().filter(row -> Arrays.equals(row, zeros)).count();
      assertThat(dropped / 800.0).isCloseTo(0.25, within(0.08)); // 5 standard deviations
      checkNoise(differences(batch.conditions(), noisy.conditions()), 0.01);
    }
  }

  @Test
  @DisplayName("read a checkpoint once, while memory suffices for it")
  void kept() throws IOException {
    // given a dataset all of whose checkpoints have been used
    PromptCheckpointDataset dataset = dataset();
    try (BatchAssembler generous = assembler(dataset, plain(BadCheckpoints.STOP));
        BatchAssembler poor = assembler(dataset, plain(BadCheckpoints.STOP), 0)) {
      float[] before = targets(generous, 0, 6);
      assertThat(targets(poor, 0, 6)).containsExactly(before);
      // when they vanish
      for (TaskData task : dataset.tasks()) {
        for (Path checkpoint : task.checkpoints()) {
          breakIt(checkpoint);
        }
      }
      // then
      assertThat(targets(generous, 0, 6)).containsExactly(before);
      assertThatThrownBy(() -> poor.assemble(0, 6)).isInstanceOf(DragAndDropException.class);
    }
  }

  private static float[] targets(BatchAssembler assembler, long first, int count) {
    try (TrainingBatch batch = assembler.assemble(first, count)) {
      return HostFloats.toArray(batch.targets());
    }
  }

  private static void breakIt(Path checkpoint) throws IOException {
    Files.write(checkpoint.resolve("adapter_model.safetensors"), new byte[] {1, 2, 3});
  }

  @Test
  @DisplayName("stop at a bad checkpoint, and say which")
  void stop() throws IOException {
    PromptCheckpointDataset dataset = dataset();
    Path broken = dataset.tasks().get(0).checkpoints().get(1);
    breakIt(broken);
    try (BatchAssembler assembler = assembler(dataset, plain(BadCheckpoints.STOP))) {
      assertThatThrownBy(() -> assembler.assemble(0, 6))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining(broken.toString())
          .hasMessageContaining("data set a")
          .hasCauseInstanceOf(DragAndDropException.class);
    }
  }

  @Test
  @DisplayName("take the next checkpoint of the data set for a bad one, and say so once")
  void skip() throws IOException {
    // given
    PromptCheckpointDataset dataset = dataset();
    List<Path> checkpoints = dataset.tasks().get(0).checkpoints();
    breakIt(checkpoints.get(2));
    BatchSettings settings = plain(BadCheckpoints.SKIP);
    ItemSampler sampler = samplerOf(dataset, settings);
    try (BatchAssembler assembler = assembler(dataset, settings)) {
      // when
      float[] targets = targets(assembler, 0, 18);
      // then
      for (int i = 0; i < 18; i++) {
        Part part = sampler.item(i).parts().get(0);
        boolean bad = part.task().name().equals("a") && part.checkpointIndex() == 2;
        assertThat(row(targets, i, SmallWorld.TOKEN_CELLS))
            .containsExactly(SmallWorld.tokens(bad ? SmallWorld.weights(100) : weights(part)));
      }
      assertThat(skipped).containsExactly(checkpoints.get(2));
    }
  }

  @Test
  @DisplayName("need one good checkpoint in each data set")
  void allBad() throws IOException {
    PromptCheckpointDataset dataset = dataset();
    List<Path> checkpoints = dataset.tasks().get(1).checkpoints();
    for (Path checkpoint : checkpoints) {
      breakIt(checkpoint);
    }
    try (BatchAssembler assembler = assembler(dataset, plain(BadCheckpoints.SKIP))) {
      assertThatThrownBy(() -> assembler.assemble(0, 6))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("not one of the 3 checkpoints of data set b");
      assertThat(skipped).containsExactlyInAnyOrderElementsOf(checkpoints);
    }
  }

  @Test
  @DisplayName("do not blame a checkpoint when the thread that reads it is interrupted")
  void interrupted() {
    try (BatchAssembler assembler = assembler(dataset(), plain(BadCheckpoints.SKIP))) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> assembler.assemble(0, 6))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assembler.assemble(0, 6).close();
      assertThat(skipped).isEmpty();
    }
  }

  @Test
  @DisplayName("have possible settings")
  void impossible() {
    assertThatThrownBy(() -> settings(TaskMixing.OFF, -1, 0, 0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("conditionNoise");
    assertThatThrownBy(() -> settings(TaskMixing.OFF, 0, Double.NaN, 0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("targetNoise");
    assertThatThrownBy(() -> settings(TaskMixing.OFF, 0, 0, 1.5))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("promptDropout");
  }
}
