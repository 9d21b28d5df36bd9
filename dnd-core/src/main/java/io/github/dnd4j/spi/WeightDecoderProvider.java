package io.github.dnd4j.spi;

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
}
