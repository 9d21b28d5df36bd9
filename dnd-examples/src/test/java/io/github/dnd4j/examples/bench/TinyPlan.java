package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.ConvolutionEngine;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.lora.LoraTargets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/** A plan of two prompts for a decoder that is small enough for unit tests. */
final class TinyPlan {

  private TinyPlan() {}

  /**
   * To measure the encoder.
   *
   * @param textLength tokens of a text
   * @param fullTexts how many texts fill them; 0 for none
   */
  static BenchPlan of(int textLength, int fullTexts) {
    String features = "(2," + textLength + ",384) (4,8,20) (324,10,130)";
    return new BenchPlan(
        EnumSet.of(BenchPart.ENCODER),
        new BenchStructure("tiny", HyperConvConfig.of(features, 1), LoraTargets.MINILM_L6),
        List.of("a cat", "a dog"),
        List.of(),
        List.of(fullTexts),
        List.of(),
        List.of(ConvolutionEngine.AUTO),
        0,
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty());
  }
}
