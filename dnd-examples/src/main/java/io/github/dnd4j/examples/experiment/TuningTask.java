package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.training.TaskData;
import java.nio.file.Path;
import java.util.List;

/**
 * Questions with their answers, and the adapters that are tuned on them: a data set's tuning side,
 * or the part of it that has one topic.
 *
 * @param name its name
 * @param pairs what to tune on
 * @param prompts questions of them, of which generators see some at a time
 * @param checkpoints the folder of its adapters
 */
record TuningTask(String name, List<TextPair> pairs, List<String> prompts, Path checkpoints) {

  /** A task whose prompts are a random selection of its questions. */
  static TuningTask of(
      String name, List<TextPair> pairs, Path checkpoints, ExperimentSettings settings) {
    List<String> prompts =
        RetrievalTask.shuffled(pairs, settings.seed()).stream()
            .map(TextPair::anchor)
            .limit(settings.mostPrompts())
            .toList();
    return new TuningTask(name, pairs, prompts, checkpoints);
  }

  /** What a generator is trained on. */
  TaskData trainingData() {
    return new TaskData(
        name,
        prompts.stream().map(PromptExample::of).toList(),
        TaskData.checkpointsIn(checkpoints));
  }

  /** The task's adapter: that of the last step. */
  Path lastCheckpoint() {
    return trainingData().lastCheckpoint();
  }
}
