package io.github.dnd4j.encoder;

/**
 * Says how to open a saved generator that was made with an {@link OnnxEncoder}, which is in files
 * of the user's. Found by {@link java.util.ServiceLoader}.
 */
public final class OnnxEncoderProvider extends FileEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public OnnxEncoderProvider() {
    super(OnnxEncoder.TYPE, "OnnxEncoder.load(directory)");
  }
}
