package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.examples.experiment.ExperimentSettings.SetFiles;
import io.github.dnd4j.internal.Hashes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A data set of an experiment.
 *
 * @param whole its tuning side
 * @param test what to measure with
 * @param tuned whether its adapters are tuned by the experiment, or were there before
 * @param topics into how many topics the tuning side is split for further training tasks; 1 if it
 *     is not
 */
record ExperimentSet(TuningTask whole, RetrievalTask test, boolean tuned, int topics) {

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
    Path checkpoints = files.checkpoints().orElse(adapters(settings, name));
    return new ExperimentSet(
        TuningTask.of(name, split.tuning(), checkpoints, settings),
        split.test(),
        files.checkpoints().isEmpty(),
        files.topics());
  }

  /** Where the adapters go that the experiment tunes. */
  static Path adapters(ExperimentSettings settings, String task) {
    return settings.folder().resolve("adapters").resolve(task);
  }

  String name() {
    return whole.name();
  }

  List<String> prompts() {
    return whole.prompts();
  }

  static String hash(List<TextPair> pairs) {
    List<String> texts = new ArrayList<>();
    pairs.forEach(pair -> texts.addAll(List.of(pair.anchor(), pair.positive())));
    return Hashes.sha256(texts);
  }
}
