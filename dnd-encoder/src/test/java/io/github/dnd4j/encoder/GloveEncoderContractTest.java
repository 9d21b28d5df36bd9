package io.github.dnd4j.encoder;

import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;

/** Word vectors keep the promises of all encoders: {@link PromptEncoderContract}. */
class GloveEncoderContractTest extends PromptEncoderContract {

  @Override
  PromptEncoder open(Path directory) {
    return GloveEncoder.load(TinyGlove.vectors(directory));
  }

  @Override
  List<Integer> textLengths() {
    return List.of(12, 2, 200);
  }

  @Override
  int smallestTextLength() {
    return 1;
  }

  @Override
  int positionsOfA() {
    return 1;
  }

  @Override
  boolean paddingIsZero() {
    return true;
  }
}
