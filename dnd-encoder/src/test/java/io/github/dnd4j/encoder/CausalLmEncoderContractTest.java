package io.github.dnd4j.encoder;

import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;

/** Language models keep the promises of all encoders: {@link PromptEncoderContract}. */
class CausalLmEncoderContractTest extends PromptEncoderContract {

  @Override
  PromptEncoder open(Path directory) {
    return CausalLmEncoder.load(new TinyCausal(TinyCausal.LLAMA, directory).directory());
  }

  @Override
  List<Integer> textLengths() {
    return List.of(12, 16, 37);
  }

  /** The begin of text. */
  @Override
  int smallestTextLength() {
    return 1;
  }

  /** The begin of text and the letter. */
  @Override
  int positionsOfA() {
    return 2;
  }

  @Override
  boolean paddingIsZero() {
    return false;
  }

  /** More than max_position_embeddings. */
  @Override
  List<Integer> refusedTextLengths() {
    return List.of(65, 128);
  }
}
