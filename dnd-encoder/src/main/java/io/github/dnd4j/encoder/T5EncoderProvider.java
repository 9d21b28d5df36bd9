package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.PromptEncoderProvider;

/**
 * Says how to open a saved generator that was made with a {@link T5Encoder}, whose weights are on
 * no class path. Found by {@link java.util.ServiceLoader}.
 */
public final class T5EncoderProvider implements PromptEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public T5EncoderProvider() {}

  @Override
  public String type() {
    return T5Encoder.TYPE;
  }

  @Override
  public PromptEncoder open(ComponentSpec spec) {
    throw new DragAndDropException(
        "the generator was made with the T5 encoder "
            + spec.require(SentenceEncoder.MODEL)
            + " of SHA-256 "
            + spec.require(SentenceEncoder.SHA256)
            + ", whose weights are not on the class path. Open the encoder with"
            + " T5Encoder.load(directory) and pass it to DragAndDrop.load(path, encoder)");
  }
}
