package io.github.dnd4j.encoder;

/**
 * Says how to open a saved generator that was made with a {@link CausalLmEncoder}, which is in
 * files of the user's. Found by {@link java.util.ServiceLoader}.
 */
public final class CausalLmEncoderProvider extends FileEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public CausalLmEncoderProvider() {
    super(CausalLmEncoder.TYPE, "CausalLmEncoder.load(directory, layer)");
  }
}
