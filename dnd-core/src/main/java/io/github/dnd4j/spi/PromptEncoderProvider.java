package io.github.dnd4j.spi;

/** Opens encoders that a saved generator names. Found by {@link java.util.ServiceLoader}. */
public interface PromptEncoderProvider {

  /**
   * The type that this provider opens.
   *
   * @return as in {@link ComponentSpec#type()}
   */
  String type();

  /**
   * Opens an encoder that needs nothing but its name, such as one whose weights are on the class
   * path.
   *
   * @param spec which one
   * @return the encoder; the caller closes it
   * @throws io.github.dnd4j.DragAndDropException if its weights are not to be had that way; the
   *     message says how the caller can open it instead
   */
  PromptEncoder open(ComponentSpec spec);
}
