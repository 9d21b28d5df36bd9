package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dnd convert}: a PyTorch checkpoint to safetensors. */
@Command(
    name = "convert",
    description = {
      "Convert a PyTorch checkpoint (.pt, .pth, .bin) to safetensors, without running what is in"
          + " it.",
      "A safetensors file is rewritten in another precision. Needs memory for its largest tensor.",
      ""
    })
final class ConvertCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "IN", description = "The checkpoint to read.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT", description = "The safetensors file to write.")
  private Path out;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      description = "f32, bf16 or f16 for all floating-point tensors (default: as they are).")
  private WeightPrecision precision;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  ConvertCommand() {}

  @Override
  public Integer call() {
    if (!out.toString().endsWith(".safetensors")) {
      throw new InvalidInputException(out + ": the file to write must end in .safetensors");
    }
    try (TensorFile file = TensorFile.open(in)) {
      SafetensorsWriter writer = new SafetensorsWriter().metadata(file.metadata());
      for (TensorInfo info : file.tensors().values()) {
        boolean convert = precision != null && info.type().isFloating();
        writer.add(file, info.name(), convert ? TensorType.of(precision) : info.type());
      }
      writer.write(out);
      spec.commandLine().getOut().println(out + ": " + file.tensors().size() + " tensors");
    }
    return 0;
  }
}
