package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.PromptEncoderProvider;

/**
 * Says how to open a saved generator whose encoder is in files of the user's. Such an encoder
 * cannot be opened by its name.
 */
abstract class FileEncoderProvider implements PromptEncoderProvider {

  private final String type;
  private final String remedy;

  /**
   * For a type of encoders.
   *
   * @param type the type
   * @param remedy the call that opens one
   */
  FileEncoderProvider(String type, String remedy) {
    this.type = type;
    this.remedy = remedy;
  }

  @Override
  public String type() {
    return type;
  }

  @Override
  public PromptEncoder open(ComponentSpec spec) {
    String layer = spec.properties().get(CausalLmEncoder.LAYER);
    throw new DragAndDropException(
        "the generator was made with the encoder "
            + spec.require(SentenceEncoder.MODEL)
            + (layer == null ? "" : " up to layer " + layer)
            + " of SHA-256 "
            + spec.require(SentenceEncoder.SHA256)
            + ", which is not on the class path. Open the encoder with "
            + remedy
            + " and pass it to DragAndDrop.load(path, encoder)");
  }
}
