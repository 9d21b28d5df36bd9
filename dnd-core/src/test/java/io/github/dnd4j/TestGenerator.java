package io.github.dnd4j;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.spi.TokenShape;
import java.util.List;

/** A small generator for tests: 3 prompts of 2 tokens of width 4 become 3 weight tokens [4, 6]. */
final class TestGenerator {

  static final LoraTarget TARGET =
      new LoraTarget(
          "tiny",
          LoraConfig.of(2, 4, "tiny/base", LoraConfig.CAUSAL_LM),
          4,
          List.of(new LoraModule("layers.0.up_proj", 8, 4, 2)));

  static final TokenShape TOKENS = new TokenShape(3, 4, 6);

  static final List<String> PROMPTS = List.of("one", "two", "three");

  private TestGenerator() {}

  static HashEncoder encoder() {
    return new HashEncoder(4);
  }

  static LinearDecoder decoder() {
    return new LinearDecoder(TOKENS, 1);
  }

  static DragAndDrop.Builder builder() {
    return DragAndDrop.builder().encoder(encoder()).decoder(decoder()).target(TARGET);
  }

  /** All numbers of an adapter of {@link #TARGET}. */
  static List<Float> numbers(LoraAdapter adapter) {
    List<Float> numbers = new java.util.ArrayList<>();
    for (float value : HostFloats.toArray(adapter.weights("layers.0.up_proj").a())) {
      numbers.add(value);
    }
    for (float value : HostFloats.toArray(adapter.weights("layers.0.up_proj").b())) {
      numbers.add(value);
    }
    return numbers;
  }
}
