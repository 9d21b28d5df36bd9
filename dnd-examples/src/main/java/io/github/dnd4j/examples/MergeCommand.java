package io.github.dnd4j.examples;

import io.github.dnd4j.io.LoraMerger;
import io.github.dnd4j.io.MergeSummary;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd merge}: an adapter into the weights of its base model. */
@Command(
    name = "merge",
    description = {
      "Merge an adapter into the weights of its base model, for programs that do not know LoRA.",
      "Names, types and shards stay those of the base. Memory does not depend on its size.",
      ""
    })
final class MergeCommand implements Callable<Integer> {

  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR|FILE",
      description = "A model directory or one safetensors file.")
  private Path base;

  @Option(
      names = "--adapter",
      required = true,
      paramLabel = "PATH",
      description = "The adapter: a PEFT directory.")
  private Path adapter;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "Where the merged model goes: a new directory, or a file for a file.")
  private Path out;

  @Option(
      names = "--scale",
      paramLabel = "S",
      defaultValue = "1",
      description = "How much of the adapter is merged (default: 1).")
  private double scale;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  MergeCommand() {}

  @Override
  public Integer call() {
    return StopOnSignal.guard(spec.commandLine().getErr(), this::merge);
  }

  private void merge() {
    long start = System.nanoTime();
    MergeSummary summary;
    try (Progress progress = new Progress()) {
      summary =
          LoraMerger.of(adapter).scale(scale).listener(progress.task("merging")).merge(base, out);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    PrintWriter writer = spec.commandLine().getOut();
    writer.printf(
        Locale.ROOT,
        "%s: %d tensors merged, %d copied, %.1f MB in %.1f s%n",
        out,
        summary.mergedTensors(),
        summary.copiedTensors(),
        summary.bytes() / 1e6,
        seconds);
    summary
        .leftOut()
        .forEach(file -> writer.println("  left out, for nothing is merged into it: " + file));
  }
}
