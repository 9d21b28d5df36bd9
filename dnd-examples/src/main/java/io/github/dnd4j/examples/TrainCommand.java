package io.github.dnd4j.examples;

import io.github.dnd4j.examples.bench.ResidentMemory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd train}: from prompts and LoRA checkpoints to a generator. */
@Command(
    name = "train",
    description = {
      "Train a generator from LoRA checkpoints and the prompts of their data sets.",
      "Stop it with Ctrl-C and start it again to go on: it resumes from its last checkpoint.",
      "dnd-examples/config/train.yaml explains the configuration.",
      ""
    })
final class TrainCommand implements Callable<Integer> {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The run's configuration, a YAML file.")
  private Path config;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  TrainCommand() {}

  @Override
  public Integer call() {
    TrainPlan plan = TrainPlan.of(config);
    HistoryPlot.warmUp();
    return StopOnSignal.guard(spec.commandLine().getErr(), () -> train(plan));
  }

  private void train(TrainPlan plan) {
    PrintWriter out = spec.commandLine().getOut();
    plan.train(out);
    out.println(plan.out() + ": the trained generator");
    out.println(plan.historyFile() + ", " + plan.plotFile().getFileName() + ": its history");
    ResidentMemory.peakBytes()
        .ifPresent(
            bytes -> out.printf(Locale.ROOT, "peak memory %.2f GiB%n", bytes / (double) (1 << 30)));
  }
}
