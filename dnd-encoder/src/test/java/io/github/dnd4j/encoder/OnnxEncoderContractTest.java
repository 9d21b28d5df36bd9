package io.github.dnd4j.encoder;

import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;

/** Encoders that ONNX Runtime runs keep the promises of all encoders. */
class OnnxEncoderContractTest extends PromptEncoderContract {

  @Override
  PromptEncoder open(Path directory) {
    return OnnxEncoder.load(TinyOnnx.complete().write(directory.resolve("tiny-onnx")));
  }

  /** Less than the window, the window, and two windows. */
  @Override
  List<Integer> textLengths() {
    return List.of(12, 16, 32);
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
    return List.of(17, 40);
  }
}
