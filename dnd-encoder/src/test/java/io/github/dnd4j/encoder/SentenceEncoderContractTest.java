package io.github.dnd4j.encoder;

import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Sentence encoders keep the promises of all encoders: {@link PromptEncoderContract}. */
class SentenceEncoderContractTest extends PromptEncoderContract {

  @Override
  PromptEncoder open(Path directory) {
    return SentenceEncoder.load(new TinyBert(directory).directory());
  }

  /** Less than the window, the window, and two windows. */
  @Override
  List<Integer> textLengths() {
    return List.of(12, TinyBert.WINDOW, 2 * TinyBert.WINDOW);
  }

  @Override
  int smallestTextLength() {
    return 2;
  }

  @Override
  int positionsOfA() {
    return 3;
  }

  @Override
  boolean paddingIsZero() {
    return false;
  }

  @Override
  List<Integer> refusedTextLengths() {
    return List.of(TinyBert.WINDOW + 1, 40);
  }

  @Override
  List<Consumer<PromptEncoder>> furtherMethods() {
    return List.of(
        encoder -> ((SentenceEncoder) encoder).embed(List.of("a")),
        encoder -> ((SentenceEncoder) encoder).embed(List.of("a"), 8));
  }
}
