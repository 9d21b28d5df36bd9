package io.github.dnd4j.spi;

import io.github.dnd4j.FileFormatException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Opens the parts that a saved generator names, by the providers on the class path. */
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
    return find(
            WeightDecoderProvider.class, WeightDecoderProvider::type, spec.type(), "dnd-decoder")
        .open(spec, weights);
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
