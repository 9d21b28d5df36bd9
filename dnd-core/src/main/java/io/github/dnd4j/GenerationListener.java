package io.github.dnd4j;

import java.time.Duration;

/** Hears how a generation goes. Called on the thread that generates. */
public interface GenerationListener {

  /** The stages of a generation, in their order. */
  enum Stage {
    /** Prompts become conditions. */
    ENCODE,
    /** Conditions become weight tokens. */
    DECODE,
    /** Weight tokens become an adapter. */
    DETOKENIZE
  }

  /** Listens to nothing. */
  GenerationListener NONE = new GenerationListener() {};

  /**
   * Some of a stage is done.
   *
   * @param stage the stage
   * @param done how much: prompts of {@code ENCODE}, decoder stages of {@code DECODE}
   * @param total how much there is in all
   */
  default void onProgress(Stage stage, long done, long total) {}

  /**
   * It is known how unlike the prompts are to those that the generator was trained on. Called
   * between {@code ENCODE} and {@code DECODE}, if the generator remembers its training prompts.
   * What this throws ends the generation, so that an application can refuse prompts that are too
   * novel.
   *
   * @param novelty how unlike they are
   */
  default void onNovelty(PromptNovelty novelty) {}

  /**
   * A stage is over.
   *
   * @param stage the stage
   * @param duration how long it took
   */
  default void onStageFinished(Stage stage, Duration duration) {}
}
