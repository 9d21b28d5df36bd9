package io.github.dnd4j.examples;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.training.CriterionWeights;
import io.github.dnd4j.training.TaskData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd criterion}: the weights of the training loss. */
@Command(
    name = "criterion",
    description = {
      "Compute how much each weight token counts in the training loss, from LoRA checkpoints.",
      "Several data sets give the mean of their weights.",
      ""
    })
final class CriterionCommand implements Callable<Integer> {

  @Parameters(
      arity = "1..*",
      paramLabel = "DATASET",
      description = "Folders, each with the PEFT directories of one data set's checkpoints.")
  private List<Path> dataSets;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Safetensors to write, with the tensor 'criterion_weight' [T].")
  private Path out;

  @Mixin private TileOptions tileOptions;

  @Mixin private ScaleEncodingOptions scaleOptions;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  CriterionCommand() {}

  @Override
  public Integer call() {
    List<CriterionWeights> weights = new ArrayList<>();
    for (Path dataSet : dataSets) {
      List<Path> checkpoints = TaskData.checkpointsIn(dataSet);
      try (Progress progress = new Progress()) {
        weights.add(
            CriterionWeights.of(
                checkpoints, tokenizer(checkpoints.get(0)), progress.task(dataSet.toString())));
      }
      spec.commandLine().getOut().println(dataSet + ": " + checkpoints.size() + " checkpoints");
    }
    CriterionWeights mean = CriterionWeights.mean(weights);
    mean.save(out);
    spec.commandLine().getOut().println(out + ": weights of " + mean.tokenCount() + " tokens");
    return 0;
  }

  private WeightTokenizer tokenizer(Path checkpoint) {
    try (LoraAdapter adapter = LoraAdapter.load(checkpoint)) {
      return new WeightTokenizer(tileOptions.targetOf(adapter), scaleOptions.encoding());
    }
  }
}
