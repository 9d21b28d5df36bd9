package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.training.PromptCheckpointDataset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The training of one generator.
 *
 * @param name for people
 * @param folder where its files go
 * @param tasks what it is trained on
 * @param sets the names of those tasks that are whole data sets; the others are parts of them
 * @param adapterHashes by the name of a task, what its adapters depend on
 * @param training how it is trained
 */
record GeneratorStage(
    String name,
    Path folder,
    List<TuningTask> tasks,
    List<String> sets,
    Map<String, String> adapterHashes,
    GeneratorTraining training) {

  /** How the training went; seconds are those of the last attempt. */
  record Trained(double seconds) {}

  /** The stage; whatever depends on the generator depends on its hash. */
  Stage stage() {
    List<String> depends = new ArrayList<>(List.of("train", training.settings()));
    depends.add(dataset().fingerprint());
    tasks.forEach(task -> depends.add(adapterHashes.get(task.name())));
    return new Stage(
        "train " + name,
        folder.resolve("train.json"),
        depends,
        List.of(runDirectory(), generator()));
  }

  /** Trains it, unless that is done. */
  Trained run(ExperimentListener listener) {
    return stage().run(Trained.class, listener, this::train);
  }

  /** Where the generator is. */
  Path generator() {
    return folder.resolve("generator");
  }

  private Path runDirectory() {
    return folder.resolve("run");
  }

  private PromptCheckpointDataset dataset() {
    return PromptCheckpointDataset.of(tasks.stream().map(TuningTask::trainingData).toList());
  }

  private Trained train() {
    long start = System.nanoTime();
    training.train(dataset(), sets, runDirectory(), generator());
    return new Trained((System.nanoTime() - start) / 1e9);
  }
}
