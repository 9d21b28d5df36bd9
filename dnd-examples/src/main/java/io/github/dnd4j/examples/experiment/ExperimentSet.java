package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.examples.experiment.ExperimentSettings.SetFiles;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.training.TaskData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A data set of an experiment.
 *
 * @param name its name
 * @param split what to tune on and what to measure with
 * @param prompts questions of the tuning side, of which generators see some at a time
 * @param checkpoints the folder of its adapters
 * @param tuned whether they are tuned by the experiment, or were there before
 */
record ExperimentSet(
    String name, RetrievalSplit split, List<String> prompts, Path checkpoints, boolean tuned) {

  static ExperimentSet read(String name, ExperimentSettings settings) {
    SetFiles files = settings.sets().get(name);
    RetrievalPairs pairs = RetrievalPairs.read(files.pairs());
    if (files.test().isEmpty() && pairs.pairs().size() < 4) {
      throw new InvalidInputException(
          files.pairs() + " must hold at least 4 pairs, to tune on a half and test with the other");
    }
    RetrievalSplit split =
        files
            .test()
            .map(
                test ->
                    RetrievalSplit.ofFiles(
                        name,
                        pairs,
                        RetrievalPairs.read(test),
                        settings.questions(),
                        settings.seed()))
            .orElseGet(
                () -> RetrievalSplit.ofHalves(name, pairs, settings.questions(), settings.seed()));
    if (split.tuning().size() < 2) {
      throw new InvalidInputException(
          files.pairs() + " must hold at least two pairs to tune on that are not in the test");
    }
    List<String> prompts =
        RetrievalTask.shuffled(split.tuning(), settings.seed()).stream()
            .map(TextPair::anchor)
            .limit(settings.mostPrompts())
            .toList();
    return new ExperimentSet(
        name,
        split,
        prompts,
        files.checkpoints().orElse(settings.folder().resolve("adapters").resolve(name)),
        files.checkpoints().isEmpty());
  }

  /** What a generator is trained on. */
  TaskData trainingData() {
    return new TaskData(
        name,
        prompts.stream().map(PromptExample::of).toList(),
        TaskData.checkpointsIn(checkpoints));
  }

  /** The set's adapter: that of the last step. */
  Path lastCheckpoint() {
    List<Path> all = TaskData.checkpointsIn(checkpoints);
    return all.get(all.size() - 1);
  }

  static String hash(List<TextPair> pairs) {
    List<String> texts = new ArrayList<>();
    pairs.forEach(pair -> texts.addAll(List.of(pair.anchor(), pair.positive())));
    return Hashes.sha256(texts);
  }
}
