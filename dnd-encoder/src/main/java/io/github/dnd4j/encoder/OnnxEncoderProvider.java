package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.PromptEncoderProvider;

/**
 * Says how to open a saved generator that was made with an {@link OnnxEncoder}, whose model is on
 * no class path. Found by {@link java.util.ServiceLoader}.
 */
public final class OnnxEncoderProvider implements PromptEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public OnnxEncoderProvider() {}

  @Override
  public String type() {
    return OnnxEncoder.TYPE;
  }

  @Override
  public PromptEncoder open(ComponentSpec spec) {
    throw new DragAndDropException(
        "the generator was made with the ONNX model "
            + spec.require(SentenceEncoder.MODEL)
            + " of SHA-256 "
            + spec.require(SentenceEncoder.SHA256)
            + ", which is not on the class path. Open the encoder with OnnxEncoder.load(directory)"
            + " and pass it to DragAndDrop.load(path, encoder)");
  }
}
