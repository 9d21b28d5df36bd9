package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.PromptEncoderProvider;

/**
 * Opens the sentence encoder that a saved generator names, if its weights are on the class path.
 * Found by {@link java.util.ServiceLoader}.
 */
public final class SentenceEncoderProvider implements PromptEncoderProvider {

  /** Called by {@link java.util.ServiceLoader}. */
  public SentenceEncoderProvider() {}

  @Override
  public String type() {
    return SentenceEncoder.TYPE;
  }

  @Override
  public PromptEncoder open(ComponentSpec spec) {
    String model = spec.require(SentenceEncoder.MODEL);
    String sha256 = spec.require(SentenceEncoder.SHA256);
    ClassPathModel found =
        ClassPathModel.named(model)
            .orElseThrow(
                () ->
                    new DragAndDropException(
                        "the weights of the encoder "
                            + model
                            + " are not on the class path"
                            + remedy()));
    if (spec.properties().containsKey(SentenceEncoder.ADAPTER)) {
      throw new DragAndDropException(
          "the generator was made with "
              + model
              + " adapted by the adapters of SHA-256 "
              + spec.require(SentenceEncoder.ADAPTER)
              + ", which are not on the class path. Open the encoder, merge them with"
              + " SentenceEncoder.withAdapter(adapter), and pass it to DragAndDrop.load(path,"
              + " encoder)");
    }
    SentenceEncoder encoder = SentenceEncoder.open(found);
    String actual = encoder.spec().require(SentenceEncoder.SHA256);
    if (!actual.equals(sha256)) {
      encoder.close();
      throw new DragAndDropException(
          "the generator was made with weights of "
              + model
              + " of SHA-256 "
              + sha256
              + ", but those on the class path have "
              + actual
              + remedy());
    }
    return encoder;
  }

  private static String remedy() {
    return ". Open the encoder with SentenceEncoder.load(directory) and pass it to"
        + " DragAndDrop.load(path, encoder)";
  }
}
