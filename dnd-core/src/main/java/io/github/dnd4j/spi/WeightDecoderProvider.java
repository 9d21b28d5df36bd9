package io.github.dnd4j.spi;

import io.github.dnd4j.InvalidInputException;
import java.nio.file.Path;

/** Opens decoders of a saved generator. Found by {@link java.util.ServiceLoader}. */
public interface WeightDecoderProvider {

  /**
   * The type that this provider opens.
   *
   * @return as in {@link ComponentSpec#type()}
   */
  String type();

  /**
   * Opens a decoder.
   *
   * @param spec its structure
   * @param weights its safetensors file
   * @return the decoder; the caller closes it
   */
  WeightDecoder open(ComponentSpec spec, Path weights);

  /**
   * Opens a decoder for generating only, with 16 bits of each weight in memory. It gives the same
   * as the one of {@link #open}, with the same fingerprint.
   *
   * @param spec its structure
   * @param weights its safetensors file
   * @return the decoder; the caller closes it
   * @throws InvalidInputException if the weights have more than 16 bits, or this provider has no
   *     such decoder, as is so unless it says otherwise
   */
  default WeightDecoder openCompact(ComponentSpec spec, Path weights) {
    throw new InvalidInputException(
        weights
            + ": decoders of the type '"
            + type()
            + "' have no compact form: open the generator without it");
  }
}
