package io.github.dnd4j.examples;

import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.decoder.LengthSqueeze;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import picocli.CommandLine.Option;

/** How a preset's decoder is named on the command line. */
final class DecoderOptions {

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "The decoder's structure: ${COMPLETION-CANDIDATES}.",
      completionCandidates = PresetNames.class)
  String preset;

  @Option(
      names = "--squeeze-variant",
      paramLabel = "VARIANT",
      description =
          "For presets with a length squeeze: permute (default) or reshape, whichever the weights"
              + " were trained with.")
  Variant squeezeVariant;

  /** Created by picocli. */
  DecoderOptions() {}

  HyperConvPreset preset() {
    return HyperConvPreset.byId(preset);
  }

  HyperConvConfig config() {
    HyperConvConfig config = preset().config();
    if (squeezeVariant == null) {
      return config;
    }
    LengthSqueeze squeeze =
        config
            .squeeze()
            .orElseThrow(
                () ->
                    new io.github.dnd4j.InvalidInputException(
                        "--squeeze-variant: preset " + preset + " has no length squeeze"));
    return config.withSqueeze(new LengthSqueeze(squeezeVariant, squeeze.length()));
  }

  /** The presets' names, for the help text. */
  static final class PresetNames implements Iterable<String> {

    /** Created by picocli. */
    PresetNames() {}

    @Override
    public java.util.Iterator<String> iterator() {
      return java.util.Arrays.stream(HyperConvPreset.values()).map(HyperConvPreset::id).iterator();
    }
  }
}
