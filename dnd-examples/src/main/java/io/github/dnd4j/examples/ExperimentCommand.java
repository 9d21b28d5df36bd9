package io.github.dnd4j.examples;

import io.github.dnd4j.encoder.TuningStep;
import io.github.dnd4j.examples.experiment.Experiment;
import io.github.dnd4j.examples.experiment.ExperimentListener;
import io.github.dnd4j.examples.experiment.ExperimentSettings;
import io.github.dnd4j.examples.experiment.GeneratorTraining;
import io.github.dnd4j.training.PromptCheckpointDataset;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd experiment}: what generated adapters are worth on sets that are held out. */
@Command(
    name = "experiment",
    description = {
      "Tune adapters of all-MiniLM-L6-v2 on data sets, train generators with each set held out in"
          + " turn,",
      "and compare what they generate with other adapters, with intervals.",
      "Stop it with Ctrl-C and start it again to go on. dnd-examples/config/experiment.yaml"
          + " explains the",
      "configuration.",
      ""
    })
final class ExperimentCommand implements Callable<Integer> {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The experiment's configuration, a YAML file.")
  private Path file;

  @Option(
      names = "--generator-only",
      description =
          "Hold no set out: only train the generator of all sets that the configuration asks for.")
  private boolean generatorOnly;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ExperimentCommand() {}

  /** Trains as {@code dnd train} does. */
  private record Training(Path file, ExperimentConfig config, PrintWriter out)
      implements GeneratorTraining {

    @Override
    public String settings() {
      return config.decoder() + "\n" + config.training();
    }

    @Override
    public void train(
        PromptCheckpointDataset dataset,
        List<String> remembered,
        Path runDirectory,
        Path generator) {
      TrainConfig fold =
          new TrainConfig(
              runDirectory.toString(),
              generator.toString(),
              null,
              config.decoder(),
              null,
              TrainConfig.Data.NONE,
              null,
              config.training(),
              config.checkpoints(),
              null);
      TrainPlan.of(file, fold, dataset, remembered).train(out);
    }
  }

  /** Prints. */
  private record Listener(PrintWriter out, TuneProgress progress) implements ExperimentListener {

    @Override
    public void onMessage(String message) {
      out.println(message);
      out.flush();
    }

    @Override
    public void onStep(TuningStep step) {
      progress.onStep(step);
    }
  }

  @Override
  public Integer call() {
    HistoryPlot.warmUp();
    return StopOnSignal.guard(spec.commandLine().getErr(), this::run);
  }

  private void run() {
    PrintWriter out = spec.commandLine().getOut();
    ExperimentConfig config = ExperimentConfig.read(file);
    ExperimentSettings settings =
        generatorOnly ? config.settings(file).withHeldOut(List.of()) : config.settings(file);
    try (TuneProgress progress = new TuneProgress(out)) {
      new Experiment(settings, new Training(file, config, out), new Listener(out, progress)).run();
    }
    if (!settings.heldOut().isEmpty()) {
      out.println(settings.folder() + ": report.md, report.csv and report.png");
    }
  }
}
