package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import java.nio.file.Path;

/**
 * Hears how a training run goes. Called on the thread that trains, except for {@link
 * #onBadCheckpoint}.
 */
public interface TrainerListener {

  /** What is done before the first step. */
  enum Stage {
    /** The criterion weights are computed, data set by data set. */
    CRITERION,
    /** Prompts are encoded. */
    CONDITIONS
  }

  /** Listens to nothing. */
  TrainerListener NONE = new TrainerListener() {};

  /**
   * Some of a stage is done.
   *
   * @param stage the stage
   * @param done how much: checkpoints of {@code CRITERION}, prompts of {@code CONDITIONS}
   * @param total how much there is in all
   */
  default void onProgress(Stage stage, long done, long total) {}

  /**
   * The first step is about to be made.
   *
   * @param step how many steps were made before; above 0 if the run is resumed
   * @param steps how many the run has
   */
  default void onStart(int step, int steps) {}

  /**
   * A step was made.
   *
   * @param step what it came to
   */
  default void onStep(TrainingStep step) {}

  /**
   * The decoder was validated.
   *
   * @param validation what it came to
   */
  default void onValidation(Validation validation) {}

  /**
   * A checkpoint of the run was written.
   *
   * @param step after how many steps
   * @param directory where it lies
   */
  default void onCheckpoint(int step, Path directory) {}

  /**
   * A LoRA checkpoint in the data cannot be used, and the run goes on without it. Called on a
   * thread of the trainer's, once for each.
   *
   * @param checkpoint where it lies
   * @param error what is wrong with it
   */
  default void onBadCheckpoint(Path checkpoint, DragAndDropException error) {}
}
