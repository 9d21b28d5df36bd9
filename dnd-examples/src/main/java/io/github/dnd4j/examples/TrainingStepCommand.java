package io.github.dnd4j.examples;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.training.DragAndDropTrainer;
import io.github.dnd4j.training.PromptCheckpointDataset;
import io.github.dnd4j.training.TaskData;
import io.github.dnd4j.training.TrainerListener;
import io.github.dnd4j.training.TrainingStep;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
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
    Path folder = temporaryFolder();
    try {
      PromptCheckpointDataset dataset = dataset(folder, decoderOptions.preset().target());
      SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
      warmUp(encoder);
      OptionalLong before = ResidentMemory.currentBytes();
      List<TrainingStep> made = new ArrayList<>();
      train(encoder, dataset, made);
      for (TrainingStep step : made.subList(warmUp, made.size())) {
        out.printf(
            Locale.ROOT,
            "DnD4J step %.3f s, loss %.4f%n",
            step.duration().toNanos() / 1e9,
            step.loss());
      }
      printMemory(before, out);
      return 0;
    } finally {
      AtomicFiles.delete(folder);
    }
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("dnd-bench");
    } catch (IOException e) {
      throw new FileAccessException("cannot make a temporary folder: " + e, e);
    }
  }

  /** What the encoder and the JVM take is no part of a step. */
  private void warmUp(SentenceEncoder encoder) {
    int length = decoderOptions.config().conditionShape().textLength();
    encoder.encode(List.of("warm"), length, (done, total) -> {}).close();
  }

  private static PromptCheckpointDataset dataset(Path folder, LoraTarget target) {
    List<Path> checkpoints =
        List.of(
            RandomAdapter.write(folder.resolve("1"), target, 1),
            RandomAdapter.write(folder.resolve("2"), target, 2));
    List<PromptExample> prompts =
        IntStream.range(0, 8).mapToObj(i -> PromptExample.of("prompt number " + i)).toList();
    return PromptCheckpointDataset.of(List.of(new TaskData("random", prompts, checkpoints)));
  }

  private void train(
      SentenceEncoder encoder, PromptCheckpointDataset dataset, List<TrainingStep> made) {
    DragAndDropTrainer.builder()
        .encoder(encoder)
        .decoder(HyperConvDecoder.fresh(decoderOptions.config(), 0))
        .target(decoderOptions.preset().target())
        .dataset(dataset)
        .steps(warmUp + steps)
        .batchSize(batch)
        .listener(
            new TrainerListener() {
              @Override
              public void onStep(TrainingStep step) {
                made.add(step);
              }
            })
        .build()
        .fit()
        .close();
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
