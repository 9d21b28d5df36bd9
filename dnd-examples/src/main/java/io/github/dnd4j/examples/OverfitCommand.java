package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.training.TaskData;
import io.github.dnd4j.training.TrainerListener;
import io.github.dnd4j.training.TrainingStep;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd overfit}: whether a decoder can learn what it is shown. */
@Command(
    name = "overfit",
    description = {
      "Train as dnd train does, and then ask for the adapters that were trained on: their loss,"
          + " their",
      "mean square, and how near those of each data set's prompts are to each data set's"
          + " checkpoints.",
      ""
    })
final class OverfitCommand implements Callable<Integer> {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The run's configuration, as for dnd train.")
  private Path config;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  OverfitCommand() {}

  /** The first and the last step of a run. */
  private static final class Ends implements TrainerListener {

    private TrainingStep first;
    private TrainingStep last;

    @Override
    public void onStep(TrainingStep step) {
      first = first == null ? step : first;
      last = step;
    }
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    TrainPlan plan = TrainPlan.of(config);
    Ends ends = new Ends();
    try (TrainProgress progress = new TrainProgress(out);
        DragAndDrop generator = plan.trainer(progress, ends).fit()) {
      if (ends.last != null) {
        printEnds(ends, out);
      }
      printDistances(generator, plan.trainingSets().tasks(), out);
    }
    return 0;
  }

  private static void printEnds(Ends ends, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "loss %.4f at step %d, %.4f at step %d: %.1f %%%n",
        ends.first.loss(),
        ends.first.step(),
        ends.last.loss(),
        ends.last.step(),
        100 * ends.last.loss() / ends.first.loss());
    out.printf(
        Locale.ROOT,
        "mean square of tokens: generated %.4f, real %.4f: %.1f %%%n",
        ends.last.generatedL2(),
        ends.last.realL2(),
        100 * ends.last.generatedL2() / ends.last.realL2());
  }

  private static void printDistances(DragAndDrop generator, List<TaskData> tasks, PrintWriter out) {
    out.println("relative distance of generated adapters to the nearest checkpoint of");
    out.printf("%-16s", "prompts of");
    tasks.forEach(task -> out.printf("%16s", task.name()));
    out.println();
    for (TaskData own : tasks) {
      out.printf("%-16s", own.name());
      List<String> prompts = own.examples().stream().map(PromptExample::prompt).toList();
      try (LoraAdapter adapter = generator.generate(prompts)) {
        tasks.forEach(task -> out.printf(Locale.ROOT, "%16.4f", distance(adapter, task)));
      }
      out.println();
    }
  }

  private static double distance(LoraAdapter adapter, TaskData task) {
    double least = Double.POSITIVE_INFINITY;
    for (Path checkpoint : task.checkpoints()) {
      try (LoraAdapter real = LoraAdapter.load(checkpoint)) {
        least = Math.min(least, distance(adapter, real));
      }
    }
    return least;
  }

  /** The length of the difference of all numbers, by the length of the second's. */
  private static double distance(LoraAdapter generated, LoraAdapter real) {
    double difference = 0;
    double length = 0;
    for (LoraModule module : real.modules()) {
      LoraWeights a = generated.weights(module.path());
      LoraWeights b = real.weights(module.path());
      difference += squaredDifference(a.a(), b.a()) + squaredDifference(a.b(), b.b());
      length += Math.pow(b.a().norm2Number().doubleValue(), 2);
      length += Math.pow(b.b().norm2Number().doubleValue(), 2);
    }
    return Math.sqrt(difference / length);
  }

  private static double squaredDifference(INDArray a, INDArray b) {
    float[] x = HostFloats.toArray(a);
    float[] y = HostFloats.toArray(b);
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += Math.pow((double) x[i] - y[i], 2);
    }
    return sum;
  }
}
