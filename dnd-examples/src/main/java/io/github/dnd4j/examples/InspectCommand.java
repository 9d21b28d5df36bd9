package io.github.dnd4j.examples;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.spi.GeneratorFormat;
import io.github.dnd4j.spi.GeneratorManifest;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd inspect}: says what a file or directory holds. */
@Command(
    name = "inspect",
    description =
        "Say what an adapter, a generator directory, a checkpoint, a safetensors or a GGUF file"
            + " holds.")
final class InspectCommand implements Callable<Integer> {

  @Parameters(paramLabel = "PATH", description = "A PEFT or generator directory, or a file.")
  private Path path;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  InspectCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Path manifest = path.resolve("generator.json");
    if (!Files.exists(path)) {
      throw new FileAccessException("there is nothing at " + path + ": check the path");
    }
    if (!Files.isDirectory(path)) {
      inspectTensors(out);
    } else if (Files.exists(manifest)) {
      inspectGenerator(GeneratorFormat.get().read(manifest), out);
    } else if (Files.exists(path.resolve("adapter_config.json"))) {
      inspectAdapter(out);
    } else {
      throw new InvalidInputException(
          path + " is neither a PEFT directory nor a generator directory");
    }
    return 0;
  }

  private void inspectTensors(PrintWriter out) {
    try (TensorFile file = TensorFile.open(path)) {
      long numbers = file.tensors().values().stream().mapToLong(TensorInfo::length).sum();
      out.println(path + ": " + file.tensors().size() + " tensors, " + numbers + " numbers");
      printMap(file.metadata(), out);
      file.tensors()
          .values()
          .forEach(
              info -> out.println("  " + info.type() + " " + info.shape() + " " + info.name()));
    }
  }

  private void inspectGenerator(GeneratorManifest manifest, PrintWriter out) {
    out.println(path + ": generator " + manifest.id() + ", saved " + manifest.created());
    out.println("  encoder        " + manifest.encoder());
    out.println("  decoder        " + manifest.decoder());
    out.println("  target         " + manifest.target());
    out.println("  scale encoding " + manifest.scaleEncoding());
    out.println(
        "  remembers      "
            + manifest
                .trainingPrompts()
                .map(TrainingPrompts::sets)
                .map(sets -> "the prompts of " + sets.size() + " training sets: " + sets)
                .orElse("no training prompts, so it cannot tell novel ones"));
    printMap(manifest.provenance(), out);
  }

  private void inspectAdapter(PrintWriter out) {
    try (LoraAdapter adapter = LoraAdapter.load(path)) {
      LoraConfig config = adapter.config();
      out.println(path + ": " + adapter);
      out.printf(
          Locale.ROOT,
          "  task %s, alpha %s, %s%n",
          config.taskType(),
          config.alpha(),
          config.rankStabilized() ? "scale alpha/sqrt(r)" : "scale alpha/r");
      printMap(adapter.metadata(), out);
      out.printf("  %-28s %6s %6s %6s %10s %10s%n", "modules", "layers", "in", "out", "|A|", "|B|");
      byName(adapter).values().forEach(group -> printGroup(adapter, group, out));
    }
  }

  private static Map<String, List<LoraModule>> byName(LoraAdapter adapter) {
    Map<String, List<LoraModule>> groups = new LinkedHashMap<>();
    for (LoraModule module : adapter.modules()) {
      String withoutLayer = module.path().replaceAll("\\.\\d+\\.", ".*.");
      String key = withoutLayer + " " + module.in() + " " + module.out();
      groups.computeIfAbsent(key, unused -> new ArrayList<>()).add(module);
    }
    return groups;
  }

  /** Root mean squares of all A and all B of a kind of module. */
  private static void printGroup(LoraAdapter adapter, List<LoraModule> group, PrintWriter out) {
    double a = 0;
    double b = 0;
    for (LoraModule module : group) {
      LoraWeights weights = adapter.weights(module.path());
      a += square(weights.a().norm2Number().doubleValue()) / weights.a().length();
      b += square(weights.b().norm2Number().doubleValue()) / weights.b().length();
    }
    LoraModule first = group.get(0);
    String path = first.path().replaceAll(".*\\.\\d+\\.", "");
    out.printf(
        Locale.ROOT,
        "  %-28s %6d %6d %6d %10.3e %10.3e%n",
        path,
        group.size(),
        first.in(),
        first.out(),
        Math.sqrt(a / group.size()),
        Math.sqrt(b / group.size()));
  }

  private static double square(double value) {
    return value * value;
  }

  private static void printMap(Map<String, String> entries, PrintWriter out) {
    entries.forEach((key, value) -> out.println("  " + key + " = " + value));
  }
}
