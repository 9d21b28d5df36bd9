package io.github.dnd4j.spi;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.lora.LoraTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * Opens the parts that a saved generator names, by the providers on the class path, and checks that
 * parts fit together.
 */
public final class Parts {

  private Parts() {}

  /**
   * Opens an encoder.
   *
   * @param spec which one
   * @return the encoder; the caller closes it
   * @throws FileFormatException if no provider opens its type
   */
  public static PromptEncoder openEncoder(ComponentSpec spec) {
    return find(
            PromptEncoderProvider.class, PromptEncoderProvider::type, spec.type(), "dnd-encoder")
        .open(spec);
  }

  /**
   * Opens a decoder.
   *
   * @param spec its structure
   * @param weights its safetensors file
   * @return the decoder; the caller closes it
   * @throws FileFormatException if no provider opens its type
   */
  public static WeightDecoder openDecoder(ComponentSpec spec, Path weights) {
    return decoderProvider(spec).open(spec, weights);
  }

  /**
   * Opens a decoder for generating only, with 16 bits of each weight in memory.
   *
   * @param spec its structure
   * @param weights its safetensors file
   * @return the decoder; the caller closes it
   * @throws FileFormatException if no provider opens its type
   * @throws io.github.dnd4j.InvalidInputException if the weights have more than 16 bits, or the
   *     type has no such decoder
   */
  public static WeightDecoder openCompactDecoder(ComponentSpec spec, Path weights) {
    return decoderProvider(spec).openCompact(spec, weights);
  }

  private static WeightDecoderProvider decoderProvider(ComponentSpec spec) {
    return find(
        WeightDecoderProvider.class, WeightDecoderProvider::type, spec.type(), "dnd-decoder");
  }

  /**
   * Checks that an encoder's states fit a decoder's input, and its output a target's weight tokens.
   *
   * @param encoder the encoder
   * @param decoder the decoder
   * @param target the model that adapters are generated for
   * @throws ShapeMismatchException if they do not; the message has both shapes
   */
  public static void checkFit(PromptEncoder encoder, WeightDecoder decoder, LoraTarget target) {
    ConditionShape condition = decoder.conditionShape();
    if (encoder.dimension() != condition.dimension()) {
      throw new ShapeMismatchException(
          "the encoder gives hidden states of width "
              + encoder.dimension()
              + ", but the decoder takes conditions [prompts, tokens, width] = "
              + condition
              + ": use the encoder that the decoder was trained with");
    }
    TokenShape given = decoder.tokenShape();
    TokenShape expected =
        new TokenShape(target.tokenCount(), target.tokenHeight(), target.tokenWidth());
    if (!given.equals(expected)) {
      throw new ShapeMismatchException(
          "the decoder gives weight tokens [tokens, height, width] = "
              + given
              + ", but target "
              + target.name()
              + " needs "
              + expected
              + ": use the target that the decoder was trained for");
    }
  }

  private static <T> T find(
      Class<T> service, Function<T, String> typeOf, String type, String module) {
    List<T> providers = Services.all(service);
    return providers.stream()
        .filter(provider -> typeOf.apply(provider).equals(type))
        .findFirst()
        .orElseThrow(
            () ->
                new FileFormatException(
                    "nothing on the class path opens the type '"
                        + type
                        + "' (found: "
                        + providers.stream().map(typeOf).toList()
                        + "): add the dependency io.github.dnd4j:"
                        + module));
  }
}
