package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.TokenShape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The structure of a hyper-convolutional decoder: the chain of its feature maps, its kernel and,
 * for long conditions, the squeeze in front.
 *
 * @param features the feature maps; stage i leads from the i-th to the next. The first is what the
 *     first stage takes, after the squeeze if there is one
 * @param kernel the kernel's height and width, odd
 * @param squeeze the squeeze in front of the first stage, if any
 */
public record HyperConvConfig(
    List<FeatureShape> features, int kernel, Optional<LengthSqueeze> squeeze) {

  /** How a saved generator names decoders of this kind. */
  static final String TYPE = "hyper-conv";

  private static final long MOST_PARAMETERS = 1L << 60;

  /**
   * Checks and copies the values.
   *
   * @param features the feature maps, at least two
   * @param kernel the kernel's height and width, odd
   * @param squeeze the squeeze in front of the first stage, if any
   */
  public HyperConvConfig {
    features = List.copyOf(Checks.notNull(features, "features"));
    Checks.notNull(squeeze, "squeeze");
    if (features.size() < 2) {
      throw new InvalidInputException("a decoder needs at least two feature shapes: " + features);
    }
    checkKernel(kernel);
  }

  static int checkKernel(int kernel) {
    if (kernel < 1 || kernel % 2 == 0) {
      throw new InvalidInputException("the kernel must be odd and positive, but is " + kernel);
    }
    return kernel;
  }

  /**
   * A decoder without a squeeze.
   *
   * @param features the feature maps, for example {@code (6,20,24) (8,16,18)}
   * @param kernel the kernel's height and width, odd
   * @return the structure
   */
  public static HyperConvConfig of(String features, int kernel) {
    return new HyperConvConfig(FeatureShape.parseAll(features), kernel, Optional.empty());
  }

  /**
   * The same stages behind another squeeze.
   *
   * @param other the squeeze
   * @return a copy
   */
  public HyperConvConfig withSqueeze(LengthSqueeze other) {
    return new HyperConvConfig(features, kernel, Optional.of(other));
  }

  /**
   * What the decoder takes in.
   *
   * @return prompts, tokens per prompt (before the squeeze), width
   */
  public ConditionShape conditionShape() {
    FeatureShape first = features.get(0);
    return new ConditionShape(
        first.n(), squeeze.map(LengthSqueeze::length).orElse(first.l()), first.c());
  }

  /**
   * What the decoder gives.
   *
   * @return weight tokens, rows and columns of one
   */
  public TokenShape tokenShape() {
    FeatureShape last = features.get(features.size() - 1);
    return new TokenShape(last.n(), last.l(), last.c());
  }

  /**
   * How many weights the decoder has.
   *
   * @return the number of its parameters
   * @throws InvalidInputException if there are more than 2^60, whose bytes no machine can count
   */
  public long parameterCount() {
    try {
      return DecoderGraph.layersOf(this).stream()
          .flatMap(layer -> layer.parameters().stream())
          .mapToLong(ParameterSpec::size)
          .reduce(0, HyperConvConfig::addChecked);
    } catch (ArithmeticException e) {
      throw new InvalidInputException(
          "a decoder of the features " + FeatureShape.formatAll(features) + " is too large", e);
    }
  }

  /**
   * How many numbers of each example a training step keeps between forward and backward pass: what
   * every layer takes in and what it needs of its inner maps, and the decoder's output.
   *
   * @return the numbers per example
   */
  public long keptForBackward() {
    List<DecoderLayer> layers = DecoderGraph.layersOf(this);
    long kept = layers.get(layers.size() - 1).outputShape().size();
    for (DecoderLayer layer : layers) {
      kept += layer.inputShape().size() + layer.keptForBackward();
    }
    return kept;
  }

  private static long addChecked(long a, long b) {
    long sum = Math.addExact(a, b);
    if (sum > MOST_PARAMETERS) {
      throw new ArithmeticException(sum + " parameters");
    }
    return sum;
  }

  /** How a saved generator names this structure. */
  ComponentSpec toSpec() {
    Map<String, String> properties = new TreeMap<>();
    properties.put("features", FeatureShape.formatAll(features));
    properties.put("kernel", Integer.toString(kernel));
    squeeze.ifPresent(value -> properties.put("squeeze", value.toString()));
    return new ComponentSpec(TYPE, properties);
  }

  /** Reads what {@link #toSpec()} writes. */
  static HyperConvConfig fromSpec(ComponentSpec spec) {
    String kernel = spec.require("kernel");
    try {
      return new HyperConvConfig(
          FeatureShape.parseAll(spec.require("features")),
          Integer.parseInt(kernel),
          Optional.ofNullable(spec.properties().get("squeeze")).map(LengthSqueeze::parse));
    } catch (NumberFormatException e) {
      throw new InvalidInputException("the kernel must be a whole number, but is " + kernel, e);
    }
  }
}
