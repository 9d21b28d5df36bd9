package io.github.dnd4j.examples;

import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd init}: a fresh decoder. */
@Command(name = "init", description = "Write a decoder with fresh random weights, to be trained.")
final class InitCommand implements Callable<Integer> {

  @Mixin private DecoderOptions decoderOptions;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The safetensors file to write.")
  private Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides the weights (default: 0).")
  private long seed;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "f32",
      description = "f32 (default), bf16 or f16.")
  private WeightPrecision precision;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  InitCommand() {}

  @Override
  public Integer call() {
    if (decoderOptions.preset == null) {
      throw new io.github.dnd4j.InvalidInputException("--preset is needed");
    }
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(decoderOptions.config(), seed)) {
      decoder.save(out, precision);
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %.1f M parameters, conditions %s, weight tokens %s%n",
              out,
              decoder.config().parameterCount() / 1e6,
              decoder.conditionShape(),
              decoder.tokenShape());
    }
    return 0;
  }
}
