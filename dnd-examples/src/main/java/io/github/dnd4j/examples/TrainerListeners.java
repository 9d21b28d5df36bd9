package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.training.TrainerListener;
import io.github.dnd4j.training.TrainingStep;
import io.github.dnd4j.training.Validation;
import java.nio.file.Path;
import java.util.List;

/** Several listeners as one. */
record TrainerListeners(List<TrainerListener> listeners) implements TrainerListener {

  @Override
  public void onProgress(Stage stage, long done, long total) {
    listeners.forEach(listener -> listener.onProgress(stage, done, total));
  }

  @Override
  public void onStart(int step, int steps) {
    listeners.forEach(listener -> listener.onStart(step, steps));
  }

  @Override
  public void onStep(TrainingStep step) {
    listeners.forEach(listener -> listener.onStep(step));
  }

  @Override
  public void onValidation(Validation validation) {
    listeners.forEach(listener -> listener.onValidation(validation));
  }

  @Override
  public void onCheckpoint(int step, Path directory) {
    listeners.forEach(listener -> listener.onCheckpoint(step, directory));
  }

  @Override
  public void onBadCheckpoint(Path checkpoint, DragAndDropException error) {
    listeners.forEach(listener -> listener.onBadCheckpoint(checkpoint, error));
  }
}
