package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.LoraTuner;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.examples.experiment.RetrievalPairs;
import io.github.dnd4j.examples.experiment.RetrievalScore;
import io.github.dnd4j.lora.LoraAdapter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd tune}: questions and answers in, an adapter tuned on them out. */
@Command(
    name = "tune",
    description = {
      "Tune a LoRA adapter of all-MiniLM-L6-v2 by gradient descent, to find the answers to"
          + " questions."
    })
final class TuneCommand implements Callable<Integer> {

  @Option(
      names = "--pairs",
      required = true,
      paramLabel = "FILE",
      description =
          "Questions and answers: .json or .jsonl with prompt and response; options may stand in"
              + " the prompt.")
  private Path pairs;

  @Mixin private AdapterOutput output;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "60",
      description = "Batches (default: 60).")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "Pairs of a batch (default: 32).")
  private int batch;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      defaultValue = "5e-4",
      description = "After a warm-up of 5 steps (default: 5e-4).")
  private double learningRate;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides the order of the pairs (default: 0).")
  private long seed;

  @Option(
      names = "--initial-seed",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Decides the first A; adapters that are to be compared should share it (default: 0).")
  private long initialSeed;

  @Option(
      names = "--snapshots",
      paramLabel = "DIR",
      description = "Where the adapters after each of the last steps go.")
  private Path snapshots;

  @Option(
      names = "--last",
      paramLabel = "K",
      defaultValue = "20",
      description = "How many snapshots there are (default: 20).")
  private int last;

  @Mixin private TaskOptions task;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  TuneCommand() {}

  @Override
  public Integer call() {
    return StopOnSignal.guard(spec.commandLine().getErr(), this::tune);
  }

  private void tune() {
    PrintWriter out = spec.commandLine().getOut();
    List<TextPair> chosen = read(out);
    long start = System.nanoTime();
    try (TuneProgress progress = new TuneProgress(out);
        SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
        LoraAdapter adapter = tuner(encoder, progress).tune(chosen)) {
      output.write(adapter);
    }
    out.printf(
        Locale.ROOT,
        "%s: tuned on %d pairs in %.1f s%n",
        output.path(),
        chosen.size(),
        (System.nanoTime() - start) / 1e9);
  }

  private List<TextPair> read(PrintWriter out) {
    RetrievalPairs read = RetrievalPairs.read(pairs);
    out.println(pairs + ": " + read.pairs().size() + " pairs, " + read.leftOut());
    if (read.pairs().size() < 2) {
      throw new InvalidInputException(pairs + " must hold at least two pairs to tune on");
    }
    return task.halves ? task.split(pairs, read, TaskOptions.QUESTIONS).tuning() : read.pairs();
  }

  private LoraTuner tuner(SentenceEncoder encoder, TuneProgress progress) {
    LoraTuner.Builder builder =
        LoraTuner.builder(encoder)
            .steps(steps)
            .batchSize(batch)
            .learningRate(learningRate)
            .maxTokens(RetrievalScore.MAX_TOKENS)
            .batchSeed(seed)
            .initialSeed(initialSeed)
            .listener(progress);
    if (snapshots != null) {
      builder.snapshots(snapshots, last);
    }
    return builder.build();
  }
}
