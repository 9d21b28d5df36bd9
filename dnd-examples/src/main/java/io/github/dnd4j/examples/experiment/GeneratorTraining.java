package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.training.PromptCheckpointDataset;
import java.nio.file.Path;
import java.util.List;

/** How an {@link Experiment} has its generators trained. */
public interface GeneratorTraining {

  /**
   * Everything that the weights depend on beside the data: where it changes, generators are trained
   * again.
   *
   * @return the settings as a text
   */
  String settings();

  /**
   * Trains a generator, or goes on with training it.
   *
   * @param dataset what to train on
   * @param remembered the names of those data sets in it of which the generator remembers the
   *     prompts
   * @param runDirectory where the run keeps its checkpoints
   * @param generator where the generator goes
   */
  void train(
      PromptCheckpointDataset dataset, List<String> remembered, Path runDirectory, Path generator);
}
