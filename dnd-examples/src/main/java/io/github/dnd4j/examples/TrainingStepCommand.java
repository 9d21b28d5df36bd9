package io.github.dnd4j.examples;

import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.bench.ResidentMemory;
import io.github.dnd4j.examples.bench.TrainingSteps;
import io.github.dnd4j.training.TrainingStep;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd bench-training-step}: how long the trainer's steps take, and their memory. */
@Command(
    name = "bench-training-step",
    description = {
      "Time steps of the trainer on random adapters, everything included, and compare the memory",
      "with what a step cannot do without.",
      ""
    })
final class TrainingStepCommand implements Callable<Integer> {

  private static final double GIB = 1 << 30;

  @Mixin private DecoderOptions decoderOptions;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "8",
      description = "Items per step (default: 8).")
  private int batch;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "2",
      description = "Steps that are not counted (default: 2).")
  private int warmUp;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "5",
      description = "Steps that are (default: 5).")
  private int steps;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  TrainingStepCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
    warmUp(encoder);
    OptionalLong before = ResidentMemory.currentBytes();
    List<TrainingStep> made =
        TrainingSteps.make(
            encoder,
            HyperConvDecoder.fresh(decoderOptions.config(), 0),
            decoderOptions.preset().target(),
            warmUp + steps,
            batch);
    for (TrainingStep step : made.subList(warmUp, made.size())) {
      out.printf(
          Locale.ROOT,
          "DnD4J step %.3f s, loss %.4f%n",
          step.duration().toNanos() / 1e9,
          step.loss());
    }
    printMemory(before, out);
    return 0;
  }

  /** What the encoder and the JVM take is no part of a step. */
  private void warmUp(SentenceEncoder encoder) {
    int length = decoderOptions.config().conditionShape().textLength();
    encoder.encode(List.of("warm"), length, (done, total) -> {}).close();
  }

  private void printMemory(OptionalLong before, PrintWriter out) {
    HyperConvConfig config = decoderOptions.config();
    double weights = (double) Float.BYTES * config.parameterCount();
    double kept = (double) Float.BYTES * batch * config.keptForBackward();
    double needed = 4 * weights + kept;
    out.printf(
        Locale.ROOT,
        "needed: weights, gradients and two moments 4 x %.3f GiB, kept activations %d x %.3f GiB:"
            + " %.3f GiB%n",
        weights / GIB,
        batch,
        kept / batch / GIB,
        needed / GIB);
    OptionalLong peak = ResidentMemory.peakBytes();
    if (before.isPresent() && peak.isPresent()) {
      double taken = peak.getAsLong() - before.getAsLong();
      out.printf(
          Locale.ROOT,
          "taken: peak %.3f GiB less %.3f GiB before training: %.3f GiB, %.2f of what is needed%n",
          peak.getAsLong() / GIB,
          before.getAsLong() / GIB,
          taken / GIB,
          taken / needed);
    }
  }
}
