package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.LoraTuner;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.Checks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an {@link Experiment} compares, and on what.
 *
 * @param folder where everything goes that it makes
 * @param sets the data sets by name, at least three, in the order of the report
 * @param heldOut the names of those that are held out, each in turn
 * @param shipped where a generator of all sets goes, if one is wanted
 * @param questions how many questions a test has at most
 * @param mostPrompts how many questions of each set a generator sees at most
 * @param draws how many adapters are generated of each pool of prompts, each of other prompts
 * @param timeToAccuracy whether to measure how long it takes to tune an adapter until it is as good
 *     as the generated one
 * @param seed decides halves, questions and prompts
 * @param tuning how adapters are tuned
 */
public record ExperimentSettings(
    Path folder,
    Map<String, SetFiles> sets,
    List<String> heldOut,
    Optional<Path> shipped,
    int questions,
    int mostPrompts,
    int draws,
    boolean timeToAccuracy,
    long seed,
    Tuning tuning) {

  /**
   * Where the parts of a data set lie.
   *
   * @param pairs a prompt file: the questions to tune on, or without a test all questions
   * @param test a prompt file with other questions, to measure with
   * @param checkpoints a folder of adapters that are there already; without it they are tuned
   * @param topics into how many topics the questions to tune on are split, each of which is one
   *     more training task with an adapter of its own, of which generators learn when the set is
   *     not held out; 1 for none
   */
  public record SetFiles(Path pairs, Optional<Path> test, Optional<Path> checkpoints, int topics) {

    /**
     * Checks the values.
     *
     * @param pairs a prompt file
     * @param test a prompt file with other questions
     * @param checkpoints a folder of adapters
     * @param topics into how many topics it is split
     */
    public SetFiles {
      Checks.notNull(pairs, "pairs");
      Checks.notNull(test, "test");
      Checks.notNull(checkpoints, "checkpoints");
      Checks.positive(topics, "topics");
    }
  }

  /**
   * How adapters are tuned; the rest is as {@link io.github.dnd4j.encoder.LoraTuner} has it.
   *
   * @param steps how many batches
   * @param batchSize pairs of a batch
   * @param learningRate the learning rate
   * @param warmupSteps over how many steps it rises
   * @param snapshots how many of the last steps give an adapter each
   * @param seed decides the order of the pairs
   */
  public record Tuning(
      int steps, int batchSize, double learningRate, int warmupSteps, int snapshots, long seed) {

    /** A tuner of these settings, without snapshots yet. */
    LoraTuner.Builder tuner(SentenceEncoder encoder) {
      return LoraTuner.builder(encoder)
          .steps(steps)
          .batchSize(batchSize)
          .learningRate(learningRate)
          .warmupSteps(warmupSteps)
          .maxTokens(RetrievalScore.MAX_TOKENS)
          .batchSeed(seed);
    }
  }

  /**
   * Checks and copies the values.
   *
   * @param folder where everything goes
   * @param sets the data sets by name
   * @param heldOut the names of those that are held out
   * @param shipped where a generator of all sets goes
   * @param questions how many questions a test has at most
   * @param mostPrompts how many questions of each set a generator sees at most
   * @param draws how many adapters are generated of each pool of prompts
   * @param timeToAccuracy whether to measure how long tuning takes to be as good
   * @param seed decides halves, questions and prompts
   * @param tuning how adapters are tuned
   */
  public ExperimentSettings {
    Checks.notNull(folder, "folder");
    sets = Collections.unmodifiableMap(new LinkedHashMap<>(Checks.notNull(sets, "sets")));
    heldOut = List.copyOf(Checks.notNull(heldOut, "heldOut"));
    Checks.notNull(shipped, "shipped");
    Checks.positive(questions, "questions");
    Checks.positive(mostPrompts, "mostPrompts");
    Checks.positive(draws, "draws");
    Checks.notNull(tuning, "tuning");
    if (sets.size() < 3 || (heldOut.isEmpty() && shipped.isEmpty())) {
      throw new InvalidInputException(
          "an experiment needs at least 3 data sets, and one of them held out or a generator of all"
              + " to ship, but has "
              + sets.size()
              + " and "
              + heldOut.size());
    }
    sets.keySet().forEach(ExperimentSettings::checkName);
    List<String> unknown = new ArrayList<>(heldOut);
    unknown.removeAll(sets.keySet());
    if (!unknown.isEmpty()) {
      throw new InvalidInputException(
          "there are no data sets "
              + String.join(", ", unknown)
              + " to hold out: there are "
              + String.join(", ", sets.keySet()));
    }
  }

  /**
   * The same settings with other sets held out.
   *
   * @param names their names; none for a generator of all sets only
   * @return a copy
   */
  public ExperimentSettings withHeldOut(List<String> names) {
    return new ExperimentSettings(
        folder, sets, names, shipped, questions, mostPrompts, draws, timeToAccuracy, seed, tuning);
  }

  /** Names become folders. */
  private static void checkName(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw new InvalidInputException(
          "the data set '" + name + "' must have a name of letters, digits, '-', '_' and '.'");
    }
  }
}
