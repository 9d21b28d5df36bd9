package io.github.dnd4j.encoder;

import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;

/** Encoders of T5 keep the promises of all encoders: {@link PromptEncoderContract}. */
class T5EncoderContractTest extends PromptEncoderContract {

  @Override
  PromptEncoder open(Path directory) {
    return T5Encoder.load(new TinyT5(directory, "tiny-t5").directory());
  }

  /** There is no window: any length will do. */
  @Override
  List<Integer> textLengths() {
    return List.of(12, 16, 37);
  }

  /** The end of text. */
  @Override
  int smallestTextLength() {
    return 1;
  }

  /** The letter and the end of text. */
  @Override
  int positionsOfA() {
    return 2;
  }

  @Override
  boolean paddingIsZero() {
    return false;
  }
}
