package io.github.dnd4j.encoder;

/**
 * Says how to open a saved generator that was made with a {@link GloveEncoder}, which is in files
 * of the user's. Found by {@link java.util.ServiceLoader}.
 */
public final class GloveEncoderProvider extends FileEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public GloveEncoderProvider() {
    super(GloveEncoder.TYPE, "GloveEncoder.load(vectorsFile)");
  }
}
