package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.examples.experiment.ExperimentSettings;
import io.github.dnd4j.examples.experiment.ExperimentSettings.SetFiles;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The configuration of {@code dnd experiment}, a YAML file; {@code
 * dnd-examples/config/experiment.yaml} explains every entry. What is null was not set.
 */
record ExperimentConfig(
    String out,
    Map<String, DataSet> sets,
    List<String> heldOut,
    String generator,
    Integer questions,
    Integer mostPrompts,
    Integer draws,
    Boolean timeToAccuracy,
    Long seed,
    Tuning tuning,
    TrainConfig.Decoder decoder,
    TrainConfig.Training training,
    TrainConfig.Checkpoints checkpoints) {

  /** Where a data set's parts lie. */
  record DataSet(String pairs, String test, String checkpoints, Integer topics) {}

  /** How adapters are tuned. */
  record Tuning(
      Integer steps,
      Integer batchSize,
      Double learningRate,
      Integer warmupSteps,
      Integer snapshots,
      Long seed) {}

  /** Reads a configuration and checks that what it must say is there. */
  static ExperimentConfig read(Path file) {
    ExperimentConfig config = YamlFile.read(file, ExperimentConfig.class);
    require(file, config.out, "out");
    require(file, config.sets, "sets");
    require(file, config.decoder, "decoder");
    require(file, config.training, "training");
    require(file, config.training.steps(), "training.steps");
    config.sets.forEach(
        (name, set) -> {
          require(file, set, "sets." + name);
          require(file, set.pairs, "sets." + name + ".pairs");
        });
    return config;
  }

  private static void require(Path file, Object value, String name) {
    if (value == null) {
      throw new InvalidInputException(file + " must say '" + name + "'");
    }
  }

  /** The experiment's settings, its paths relative to the configuration's file. */
  ExperimentSettings settings(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    Map<String, SetFiles> files = new LinkedHashMap<>();
    sets.forEach(
        (name, set) ->
            files.put(
                name,
                new SetFiles(
                    resolve(folder, set.pairs),
                    Optional.ofNullable(set.test).map(path -> resolve(folder, path)),
                    Optional.ofNullable(set.checkpoints).map(path -> resolve(folder, path)),
                    or(set.topics, 1))));
    return new ExperimentSettings(
        resolve(folder, out),
        files,
        or(heldOut, List.copyOf(sets.keySet())),
        Optional.ofNullable(generator).map(path -> resolve(folder, path)),
        or(questions, TaskOptions.QUESTIONS),
        or(mostPrompts, 500),
        or(draws, 3),
        or(timeToAccuracy, false),
        or(seed, 0L),
        tuningSettings());
  }

  private ExperimentSettings.Tuning tuningSettings() {
    Tuning given = tuning == null ? new Tuning(null, null, null, null, null, null) : tuning;
    return new ExperimentSettings.Tuning(
        or(given.steps, 60),
        or(given.batchSize, 32),
        or(given.learningRate, 5e-4),
        or(given.warmupSteps, 5),
        or(given.snapshots, 20),
        or(given.seed, 0L));
  }

  private static Path resolve(Path folder, String path) {
    return folder.resolve(path).normalize();
  }

  private static <T> T or(T value, T otherwise) {
    return value == null ? otherwise : value;
  }
}
