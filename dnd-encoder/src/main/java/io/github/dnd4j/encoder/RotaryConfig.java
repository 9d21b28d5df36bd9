package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;
import java.util.List;

/**
 * How fast rotary positions turn, as config.json says it: {@code rope_theta} and {@code
 * rope_scaling}, or both in {@code rope_parameters}.
 *
 * @param theta the base of the frequencies {@code theta^(-2j / d)}
 * @param scaling how they are changed for texts longer than those of the training
 */
record RotaryConfig(double theta, Scaling scaling) {

  /** Changes frequencies. */
  @FunctionalInterface
  interface Scaling {

    /** None. */
    Scaling NONE = frequency -> frequency;

    /** A frequency, in radians per token, after the change. */
    double apply(double frequency);
  }

  /** The frequencies of the pairs of a head of a size. */
  float[] frequencies(int headSize) {
    float[] frequencies = new float[headSize / 2];
    for (int j = 0; j < frequencies.length; j++) {
      frequencies[j] = (float) scaling.apply(Math.pow(theta, -2.0 * j / headSize));
    }
    return frequencies;
  }

  /** All frequencies alike, as if positions were closer together (arXiv 2306.15595). */
  private record Linear(double factor) implements Scaling {

    @Override
    public double apply(double frequency) {
      return frequency / factor;
    }
  }

  /**
   * Llama 3.1's: frequencies that turn often within the length of the original training stay, those
   * that turn seldom are divided, and there is a slope in between.
   */
  private record Llama3(double factor, double low, double high, double length) implements Scaling {

    @Override
    public double apply(double frequency) {
      double turns = length * frequency / (2 * Math.PI);
      double kept = Math.max(0, Math.min(1, (turns - low) / (high - low)));
      return kept * frequency + (1 - kept) * frequency / factor;
    }
  }

  static RotaryConfig parse(ConfigEntries entries) {
    return new Parser(entries).parse();
  }

  private record Parser(ConfigEntries entries) {

    RotaryConfig parse() {
      JsonNode parameters = entries.root().path("rope_parameters");
      JsonNode from = parameters.isObject() ? parameters : entries.root();
      double theta = from.path("rope_theta").asDouble(10_000);
      if (!(theta >= 1 && theta <= 1e12)) {
        throw broken("rope_theta must be a number from 1 to 1e12, but is " + theta);
      }
      return new RotaryConfig(
          theta,
          parameters.isObject()
              ? scaling("rope_parameters", parameters)
              : scaling("rope_scaling", entries.root().path("rope_scaling")));
    }

    private Scaling scaling(String name, JsonNode node) {
      if (node.isMissingNode() || node.isNull()) {
        return Scaling.NONE;
      }
      JsonNode type = node.path(node.has("rope_type") ? "rope_type" : "type");
      return switch (type.asText()) {
        case "default" -> Scaling.NONE;
        case "linear" -> new Linear(number(name, node, "factor", 1));
        case "llama3" -> llama3(name, node);
        default ->
            throw broken(
                name
                    + " is "
                    + node
                    + ", but only the types "
                    + List.of("default", "linear", "llama3")
                    + " are supported. If the texts are no longer than those that the model was"
                    + " trained with, "
                    + name
                    + " may as well be taken out of the file");
      };
    }

    private Scaling llama3(String name, JsonNode node) {
      double low = number(name, node, "low_freq_factor", 1e-6);
      double high = number(name, node, "high_freq_factor", 1e-6);
      if (low >= high) {
        throw broken(name + ": low_freq_factor must be less than high_freq_factor in " + node);
      }
      return new Llama3(
          number(name, node, "factor", 1),
          low,
          high,
          number(name, node, "original_max_position_embeddings", 1));
    }

    private double number(String name, JsonNode node, String entry, double least) {
      double value = node.path(entry).asDouble(Double.NaN);
      if (!(value >= least && value <= 1e12)) {
        throw broken(
            name
                + "."
                + entry
                + " must be a number from "
                + least
                + " to 1e12, but is "
                + node.path(entry));
      }
      return value;
    }

    private FileFormatException broken(String what) {
      return new FileFormatException(entries.where() + ": " + what);
    }
  }
}
