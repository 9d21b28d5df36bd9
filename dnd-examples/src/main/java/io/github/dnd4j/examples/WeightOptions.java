package io.github.dnd4j.examples;

import io.github.dnd4j.decoder.Frozen16BitDecoder;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.WeightDecoder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How much memory the weights of a decoder's file take. */
final class WeightOptions {

  @Option(
      names = "--compact",
      description = {
        "Keep 16 bits of each weight in memory, which takes half of it. Weights of bf16 and f16",
        "files stay as they are; those of float32 files are rounded to bf16, but for those of a",
        "generator directory, which are refused."
      })
  boolean compact;

  /** Created by picocli. */
  WeightOptions() {}

  /** Opens a decoder's file; the caller closes the decoder. */
  WeightDecoder load(Path file, HyperConvConfig config) {
    return compact
        ? Frozen16BitDecoder.load(file, config, WeightPrecision.BF16)
        : HyperConvDecoder.load(file, config);
  }
}
