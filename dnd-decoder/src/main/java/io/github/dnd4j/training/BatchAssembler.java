package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.training.Randoms.Purpose;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Makes the tensors of training items. An item's numbers depend on its number and on what this was
 * made with, and not on the batch that it is in. For one thread at a time.
 */
final class BatchAssembler implements BatchSource, AutoCloseable {

  private final ItemSampler sampler;
  private final ConditionCache conditions;
  private final CheckpointTokens checkpoints;
  private final LoraTarget target;
  private final BatchSettings settings;
  private final int prompts;

  /** One text's condition, and one item's target, filled again and again. */
  private final float[] condition;

  private final float[] tokens;

  /**
   * Creates an assembler.
   *
   * @param conditions makes conditions of the texts; it stays the caller's
   * @param target whose adapters the checkpoints are
   * @param prompts N, the texts per item
   * @param checkpointBudgetBytes how much of the Java heap checkpoints used before may take
   * @param onBadCheckpoint hears of each checkpoint that is skipped, once
   * @throws io.github.dnd4j.InvalidInputException if the dataset lacks answers that the form needs
   */
  BatchAssembler(
      PromptCheckpointDataset dataset,
      ConditionCache conditions,
      LoraTarget target,
      ScaleEncoding encoding,
      int prompts,
      BatchSettings settings,
      long checkpointBudgetBytes,
      BiConsumer<Path, DragAndDropException> onBadCheckpoint) {
    this.sampler =
        new ItemSampler(dataset, settings.form(), settings.mixing(), prompts, settings.seed());
    this.checkpoints =
        new CheckpointTokens(
            target,
            encoding,
            settings.mixing().probability() > 0,
            checkpointBudgetBytes,
            settings.badCheckpoints(),
            onBadCheckpoint);
    this.conditions = conditions;
    this.target = target;
    this.settings = settings;
    this.prompts = prompts;
    this.condition = new float[conditions.textLength() * conditions.dimension()];
    this.tokens =
        new float
            [Math.toIntExact(
                (long) target.tokenCount() * target.tokenHeight() * target.tokenWidth())];
  }

  /**
   * {@inheritDoc}
   *
   * @throws DragAndDropException if a checkpoint is bad and is not to be skipped, if all of a data
   *     set are, or if this thread is interrupted, whose flag stays set
   */
  @Override
  public TrainingBatch assemble(long firstItem, int count) {
    Checks.positive(count, "count");
    NativeMemory.require(
        (long) Float.BYTES * count * ((long) prompts * condition.length + tokens.length),
        "a training batch of " + count + " items");
    TrainingBatch batch = allocate(count);
    try {
      HostFloats conditionCells = HostFloats.of(batch.conditions());
      HostFloats targetCells = HostFloats.of(batch.targets());
      for (int i = 0; i < count; i++) {
        TrainingItem item = sampler.item(firstItem + i);
        writeConditions(item, conditionCells, (long) i * prompts * condition.length);
        writeTarget(item, targetCells, (long) i * tokens.length);
      }
      return batch;
    } catch (RuntimeException | Error e) {
      batch.close();
      throw e;
    }
  }

  private TrainingBatch allocate(int count) {
    INDArray first =
        HostFloats.uninitialized(count, prompts, conditions.textLength(), conditions.dimension());
    try {
      return new TrainingBatch(
          first,
          HostFloats.uninitialized(
              count, target.tokenCount(), target.tokenHeight(), target.tokenWidth()));
    } catch (RuntimeException | Error e) {
      first.close();
      throw e;
    }
  }

  private void writeConditions(TrainingItem item, HostFloats cells, long start) {
    RandomGenerator dropout = random(item, Purpose.PROMPT_DROPOUT);
    RandomGenerator noise = random(item, Purpose.CONDITION_NOISE);
    long at = start;
    for (String text : texts(item)) {
      checkInterrupted();
      if (dropout.nextDouble() < settings.promptDropout()) {
        Arrays.fill(condition, 0);
      } else {
        conditions.read(text, condition, 0);
      }
      NormalNoise.add(condition, settings.conditionNoise(), noise);
      cells.write(at, condition, 0, condition.length);
      at += condition.length;
    }
  }

  /** In random order where they are of several data sets: a decoder tells places apart. */
  private List<String> texts(TrainingItem item) {
    List<String> texts = item.parts().stream().flatMap(part -> part.texts().stream()).toList();
    if (item.parts().size() == 1) {
      return texts;
    }
    List<String> mixed = new ArrayList<>(texts.size());
    RandomGenerator random = random(item, Purpose.PROMPT_ORDER);
    for (int i : Randoms.shuffled(texts.size(), texts.size(), random)) {
      mixed.add(texts.get(i));
    }
    return mixed;
  }

  private void writeTarget(TrainingItem item, HostFloats cells, long start) {
    float[] exact = checkpoints.of(item.parts());
    System.arraycopy(exact, 0, tokens, 0, tokens.length);
    NormalNoise.add(tokens, settings.targetNoise(), random(item, Purpose.TARGET_NOISE));
    cells.write(start, tokens, 0, tokens.length);
  }

  private RandomGenerator random(TrainingItem item, Purpose purpose) {
    return Randoms.of(settings.seed(), item.index(), purpose);
  }

  private static void checkInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException("interrupted while a training batch was assembled");
    }
  }

  /** Frees the checkpoints that are kept. The cache of conditions stays open. */
  @Override
  public void close() {
    checkpoints.clear();
  }
}
