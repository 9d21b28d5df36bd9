package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.ScaleEncoding;
import java.util.Map;
import picocli.CommandLine.Option;

/** How the scale encoding of weight tokens is named on the command line and in token files. */
final class ScaleEncodingOptions {

  private static final String NAME_KEY = "scale_encoding";
  private static final String CENTER_KEY = "scale_center";

  /** The kinds of encoding. */
  enum Kind {
    REFERENCE,
    LOG
  }

  @Option(
      names = "--scale-encoding",
      paramLabel = "KIND",
      description = "How weight tokens carry the weights' scale: reference (default) or log.")
  Kind kind;

  @Option(
      names = "--scale-center",
      paramLabel = "C",
      description = "The centre of the log encoding (default: 4.5).")
  Double center;

  /** Created by picocli. */
  ScaleEncodingOptions() {}

  /** What was asked for, or the reference encoding. */
  ScaleEncoding encoding() {
    if (kind != Kind.LOG) {
      if (center != null) {
        throw new InvalidInputException("--scale-center goes with --scale-encoding log only");
      }
      return ScaleEncoding.reference();
    }
    return ScaleEncoding.log(center == null ? ScaleEncoding.DEFAULT_CENTER : center);
  }

  /** What was asked for, or what a token file says of itself. */
  ScaleEncoding encodingOr(Map<String, String> metadata) {
    if (kind != null || !metadata.containsKey(NAME_KEY)) {
      return encoding();
    }
    try {
      return switch (Kind.valueOf(metadata.get(NAME_KEY))) {
        case REFERENCE -> ScaleEncoding.reference();
        case LOG -> ScaleEncoding.log(Double.parseDouble(metadata.get(CENTER_KEY)));
      };
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new InvalidInputException(
          "the token file names no known scale encoding: "
              + metadata.get(NAME_KEY)
              + " with centre "
              + metadata.get(CENTER_KEY)
              + "; give --scale-encoding",
          e);
    }
  }

  /** What a token file is to say of itself. */
  static Map<String, String> toMetadata(ScaleEncoding encoding) {
    if (encoding instanceof ScaleEncoding.Log log) {
      return Map.of(NAME_KEY, Kind.LOG.name(), CENTER_KEY, Double.toString(log.center()));
    }
    return Map.of(NAME_KEY, Kind.REFERENCE.name());
  }
}
