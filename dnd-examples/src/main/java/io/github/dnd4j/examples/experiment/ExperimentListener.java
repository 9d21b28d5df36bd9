package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.TuningListener;

/** Hears how an {@link Experiment} goes, on the thread that does the work. */
public interface ExperimentListener extends TuningListener {

  /**
   * Something begins, or is done already.
   *
   * @param message a line for people
   */
  void onMessage(String message);
}
