package io.github.dnd4j.encoder;

/** Hears of every step of {@link LoraTuner}, on the thread that does the work. */
@FunctionalInterface
public interface TuningListener {

  /** Listens to nothing. */
  TuningListener NONE = step -> {};

  /**
   * A step is done, and its snapshot, if it has one, is saved.
   *
   * @param step how it went
   */
  void onStep(TuningStep step);
}
