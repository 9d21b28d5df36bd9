package io.github.dnd4j.encoder;

/**
 * Says how to open a saved generator that was made with a {@link T5Encoder}, which is in files of
 * the user's. Found by {@link java.util.ServiceLoader}.
 */
public final class T5EncoderProvider extends FileEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public T5EncoderProvider() {
    super(T5Encoder.TYPE, "T5Encoder.load(directory)");
  }
}
