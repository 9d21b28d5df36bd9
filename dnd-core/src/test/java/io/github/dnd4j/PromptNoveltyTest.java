package io.github.dnd4j;

import static io.github.dnd4j.TestGenerator.PROMPTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptNoveltyTest {

  @Test
  void upToTheThresholdAnAdapterIsLeftAsItIs() {
    PromptNovelty novelty = new PromptNovelty(1.5, "ARC-c", 1.5);

    assertThat(novelty.isNovel()).isFalse();
    assertThat(novelty.strength()).isEqualTo(1);
  }

  @Test
  void aboveItTheMoreNovelTheSmaller() {
    PromptNovelty novelty = new PromptNovelty(2, "ARC-c", 1.5);

    assertThat(novelty.isNovel()).isTrue();
    assertThat(novelty.strength()).isEqualTo(0.75);
    assertThat(new PromptNovelty(6, "ARC-c", 1.5).strength()).isEqualTo(0.25);
  }

  @Test
  void theScoreHasFourDecimalsSoThatItIsTheSameWhenItIsReadAgain() {
    PromptNovelty novelty = new PromptNovelty(1.23456789, "a set, \"quoted\"", 0.9);

    assertThat(novelty.score()).isEqualTo(1.2346);
    assertThat(novelty.toMetadata())
        .containsOnly(
            Map.entry("dnd4j.novelty", "1.2346"),
            Map.entry("dnd4j.novelty_threshold", "0.9"),
            Map.entry("dnd4j.nearest_training_set", "a set, \"quoted\""));
    try (LoraAdapter adapter = adapter(novelty.toMetadata())) {
      assertThat(PromptNovelty.of(adapter)).contains(novelty);
    }
  }

  @Test
  void anAdapterThatSaysNothingOfItHasNone() {
    try (LoraAdapter adapter = adapter(Map.of("other", "1"));
        DragAndDrop generator = TestGenerator.builder().build();
        LoraAdapter generated = generator.generate(PROMPTS)) {
      assertThat(PromptNovelty.of(adapter)).isEmpty();
      assertThat(PromptNovelty.of(generated)).isEmpty();
    }
  }

  @Test
  void metadataThatAreBrokenAreToldAndNotTrusted() {
    assertBroken("dnd4j.novelty", "much");
    assertBroken("dnd4j.novelty", "-1");
    assertBroken("dnd4j.novelty", "NaN");
    assertBroken("dnd4j.novelty_threshold", "0");
    assertBroken("dnd4j.novelty_threshold", null);
    assertBroken("dnd4j.nearest_training_set", " ");
    assertBroken("dnd4j.nearest_training_set", null);
  }

  @Test
  void aStrengthThatIsNoNumberIsTold() {
    try (LoraAdapter adapter = adapter(Map.of("dnd4j.strength", "half"))) {
      assertThatThrownBy(() -> Provenance.strengthOf(adapter))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("dnd4j.strength")
          .hasMessageContaining("half");
    }
  }

  private static void assertBroken(String key, String value) {
    Map<String, String> metadata = new HashMap<>(new PromptNovelty(1, "x", 1).toMetadata());
    metadata.put(key, value);
    metadata.values().remove(null);
    try (LoraAdapter adapter = adapter(metadata)) {
      assertThatThrownBy(() -> PromptNovelty.of(adapter))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("the adapter's metadata are broken")
          .hasMessageContaining(String.valueOf(value));
    }
  }

  @Test
  void valuesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> new PromptNovelty(-0.1, "x", 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("-0.1");
    assertThatThrownBy(() -> new PromptNovelty(Double.POSITIVE_INFINITY, "x", 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("Infinity");
    assertThatThrownBy(() -> new PromptNovelty(1, "x", -1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("threshold");
    assertThatThrownBy(() -> new PromptNovelty(1, "", 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("nearest");
  }

  private static LoraAdapter adapter(Map<String, String> metadata) {
    return new LoraAdapter(
        LoraConfig.of(1, 1, "base", LoraConfig.CAUSAL_LM),
        Map.of(
            "q",
            new LoraWeights(
                HostFloats.toTensor(new float[2], 1, 2), HostFloats.toTensor(new float[2], 2, 1))),
        metadata);
  }
}
