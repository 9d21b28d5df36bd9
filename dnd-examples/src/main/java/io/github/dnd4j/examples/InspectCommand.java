package io.github.dnd4j.examples;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.examples.diagnosis.AdapterReport;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.spi.AdapterFormat;
import io.github.dnd4j.spi.GeneratorFormat;
import io.github.dnd4j.spi.GeneratorManifest;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd inspect}: says what a file or directory holds. */
@Command(
    name = "inspect",
    description = {
      "Say what an adapter, a generator directory, a checkpoint, a safetensors or a GGUF file"
          + " holds, and",
      "whether an adapter does anything.",
      "|A|, |B| and |dW| are Frobenius norms, dW = scale * B * A; the effective rank (exponential"
          + " of the",
      "entropy of the singular values' shares), the stable rank (|dW|^2 over the largest singular"
          + " value's",
      "square) and the largest singular value's share of their sum are medians of the modules.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is well",
      "1:it cannot be read, or an option is wrong",
      "3:the adapter is broken: NaN or infinite numbers, or it does nothing at all"
    })
final class InspectCommand implements Callable<Integer> {

  private static final String GGUF_TYPE = "general.type";
  private static final String ADAPTER = "adapter";

  @Parameters(paramLabel = "PATH", description = "A PEFT or generator directory, or a file.")
  private Path path;

  @Option(names = "--all", description = "Of an adapter: a line for every module.")
  private boolean all;

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description = {
        "Of an adapter: compare it with the PEFT directories in a folder. May be given several"
            + " times."
      })
  private List<Path> references = List.of();

  @Option(
      names = "--picture",
      paramLabel = "FILE.png",
      description = "Of an adapter: draw the norm of dW by layer and kind of module.")
  private Path picture;

  @Option(
      names = "--json",
      description = "Of an adapter: print one JSON document instead; docs/inspect.md explains it.")
  private boolean json;

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
    boolean generator = Files.exists(manifest);
    boolean file = !Files.isDirectory(path);
    if (!generator && isAdapter()) {
      if (file && !json) {
        inspectTensors(out);
        out.println();
      }
      return inspectAdapter(out);
    }
    refuseAdapterOptions();
    if (generator) {
      inspectGenerator(GeneratorFormat.get().read(manifest), out);
    } else if (file) {
      inspectTensors(out);
    } else {
      throw new InvalidInputException(
          path + " is neither a PEFT directory nor a generator directory");
    }
    return 0;
  }

  /** Of GGUF files some are adapters; others are models. */
  private boolean isAdapter() {
    boolean recognized = AdapterFormat.all().stream().anyMatch(format -> format.recognizes(path));
    if (!recognized || Files.isDirectory(path)) {
      return recognized;
    }
    try (TensorFile file = TensorFile.open(path)) {
      return ADAPTER.equals(file.metadata().getOrDefault(GGUF_TYPE, ADAPTER));
    }
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

  private int inspectAdapter(PrintWriter out) {
    AdapterReport report = AdapterReport.of(path, references);
    if (picture != null) {
      report.writePicture(picture);
    }
    if (json) {
      out.println(report.toJson().toPrettyString());
    } else {
      report.print(out, all);
    }
    return report.exitCode();
  }

  /** What else there is to inspect has no use for them. */
  private void refuseAdapterOptions() {
    if (all || json || picture != null || !references.isEmpty()) {
      throw new InvalidInputException(
          path + " is no adapter: --all, --reference, --picture and --json are for adapters");
    }
  }

  private static void printMap(Map<String, String> entries, PrintWriter out) {
    entries.forEach((key, value) -> out.println("  " + key + " = " + value));
  }
}
