package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.io.GgufArchitecture;
import io.github.dnd4j.io.GgufFormat;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.AdapterFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd convert}: a checkpoint to safetensors, an adapter to another format. */
@Command(
    name = "convert",
    description = {
      "Convert a checkpoint or an adapter, without running what is in it.",
      "",
      "To OUT.safetensors: the tensors of a PyTorch checkpoint (.pt, .pth, .bin), a GGUF or a"
          + " safetensors file. Needs memory for its largest tensor.",
      "To OUT.gguf or a directory: a PEFT directory or GGUF adapter, for llama.cpp or for PEFT.",
      ""
    })
final class ConvertCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "IN", description = "The checkpoint or adapter to read.")
  private Path in;

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "What to write: a .safetensors or .gguf file, or a PEFT directory.")
  private Path out;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      description = "f32, bf16 or f16 for all floating-point tensors (default: as they are).")
  private WeightPrecision precision;

  @Option(
      names = "--architecture",
      paramLabel = "NAME",
      description =
          "Of the model that a GGUF adapter is for: qwen2, qwen2vl, bert, or llama with its head"
              + " size, as in llama:64 (default: by the base model's name).")
  private String architecture;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = "The base model's directory, whose config.json tells the architecture.")
  private Path base;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ConvertCommand() {}

  @Override
  public Integer call() {
    if (!out.toString().endsWith(".safetensors")) {
      convertAdapter();
    } else if (architecture != null || base != null) {
      throw new InvalidInputException("--architecture and --base are for GGUF adapters only");
    } else {
      convertTensors();
    }
    return 0;
  }

  private void convertAdapter() {
    AdapterFormat from = AdapterFormat.recognizing(in);
    AdapterFormat to = AdapterFormat.forDestination(out);
    if (architecture != null || base != null) {
      GgufFormat chosen = GgufFormat.forArchitecture(chosenArchitecture());
      from = from instanceof GgufFormat ? chosen : from;
      to = to instanceof GgufFormat ? chosen : to;
    }
    try (LoraAdapter adapter = from.read(in)) {
      to.write(adapter, out, precision == null ? precisionOfAdapter() : precision);
      spec.commandLine().getOut().println(out + ": " + adapter);
    }
  }

  private GgufArchitecture chosenArchitecture() {
    if (architecture != null && base != null) {
      throw new InvalidInputException("--architecture and --base say the same: give one of them");
    }
    return architecture != null
        ? GgufArchitecture.of(architecture)
        : GgufArchitecture.ofModel(base.resolve("config.json"));
  }

  /** The precision of all its tensors, or f32 if they differ. */
  private WeightPrecision precisionOfAdapter() {
    Path safetensors = in.resolve("adapter_model.safetensors");
    Path directory = Files.exists(safetensors) ? safetensors : in.resolve("adapter_model.bin");
    try (TensorFile file = TensorFile.open(Files.isDirectory(in) ? directory : in)) {
      for (WeightPrecision candidate : WeightPrecision.values()) {
        TensorType type = TensorType.of(candidate);
        if (file.tensors().values().stream().allMatch(info -> info.type() == type)) {
          return candidate;
        }
      }
      return WeightPrecision.F32;
    }
  }

  private void convertTensors() {
    try (TensorFile file = TensorFile.open(in)) {
      SafetensorsWriter writer = new SafetensorsWriter().metadata(file.metadata());
      for (TensorInfo info : file.tensors().values()) {
        boolean convert = precision != null && info.type().isFloating();
        writer.add(file, info.name(), convert ? TensorType.of(precision) : info.type());
      }
      writer.write(out);
      spec.commandLine().getOut().println(out + ": " + file.tensors().size() + " tensors");
    }
  }
}
