package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.InvalidInputException;
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
 * @param heldOut the names of those that are held out, each in turn; at least one
 * @param questions how many questions a test has at most
 * @param mostPrompts how many questions of each set a generator sees at most
 * @param draws how many adapters are generated of each pool of prompts, each of other prompts
 * @param seed decides halves, questions and prompts
 * @param tuning how adapters are tuned
 */
public record ExperimentSettings(
    Path folder,
    Map<String, SetFiles> sets,
    List<String> heldOut,
    int questions,
    int mostPrompts,
    int draws,
    long seed,
    Tuning tuning) {

  /**
   * Where the parts of a data set lie.
   *
   * @param pairs a prompt file: the questions to tune on, or without a test all questions
   * @param test a prompt file with other questions, to measure with
   * @param checkpoints a folder of adapters that are there already; without it they are tuned
   */
  public record SetFiles(Path pairs, Optional<Path> test, Optional<Path> checkpoints) {

    /**
     * Checks the values.
     *
     * @param pairs a prompt file
     * @param test a prompt file with other questions
     * @param checkpoints a folder of adapters
     */
    public SetFiles {
      Checks.notNull(pairs, "pairs");
      Checks.notNull(test, "test");
      Checks.notNull(checkpoints, "checkpoints");
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
      int steps, int batchSize, double learningRate, int warmupSteps, int snapshots, long seed) {}

  /**
   * Checks and copies the values.
   *
   * @param folder where everything goes
   * @param sets the data sets by name
   * @param heldOut the names of those that are held out
   * @param questions how many questions a test has at most
   * @param mostPrompts how many questions of each set a generator sees at most
   * @param draws how many adapters are generated of each pool of prompts
   * @param seed decides halves, questions and prompts
   * @param tuning how adapters are tuned
   */
  public ExperimentSettings {
    Checks.notNull(folder, "folder");
    sets = Collections.unmodifiableMap(new LinkedHashMap<>(Checks.notNull(sets, "sets")));
    heldOut = List.copyOf(Checks.notNull(heldOut, "heldOut"));
    Checks.positive(questions, "questions");
    Checks.positive(mostPrompts, "mostPrompts");
    Checks.positive(draws, "draws");
    Checks.notNull(tuning, "tuning");
    if (sets.size() < 3 || heldOut.isEmpty()) {
      throw new InvalidInputException(
          "an experiment needs at least 3 data sets and one of them held out, but has "
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

  /** Names become folders. */
  private static void checkName(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw new InvalidInputException(
          "the data set '" + name + "' must have a name of letters, digits, '-', '_' and '.'");
    }
  }
}
