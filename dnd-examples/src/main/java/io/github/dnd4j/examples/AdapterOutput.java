package io.github.dnd4j.examples;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a command writes an adapter to, and how. */
final class AdapterOutput {

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "Where the adapter goes: a PEFT directory, or a GGUF file if it ends in .gguf.")
  private Path out;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "bf16",
      description = "bf16 (default), f16 or f32.")
  private WeightPrecision precision;

  /** Created by picocli. */
  AdapterOutput() {}

  Path path() {
    return out;
  }

  void write(LoraAdapter adapter) {
    adapter.save(out, precision);
  }
}
