package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.PromptEncoderProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** How a saved generator finds its encoder again. */
class SentenceEncoderProviderTest {

  /** Of the weights in langchain4j's jar. Another jar with other weights must not go unnoticed. */
  private static final String SHA256 =
      "4e9cb5925a98f434d464f3c52907b203232fbaaf3a964e775bbe03832bcd633d";

  private final PromptEncoderProvider provider =
      ServiceLoader.load(PromptEncoderProvider.class).stream()
          .map(ServiceLoader.Provider::get)
          .filter(found -> found.type().equals("sentence-encoder"))
          .findFirst()
          .orElseThrow();

  private static ComponentSpec spec(String model, String sha256) {
    return new ComponentSpec(
        "sentence-encoder", Map.of("model", model, "dimension", "384", "sha256", sha256));
  }

  @Test
  void opensTheEncoderOnTheClassPath() {
    ComponentSpec spec = spec("all-MiniLM-L6-v2", SHA256);

    try (PromptEncoder encoder = provider.open(spec)) {
      assertThat(encoder.spec()).isEqualTo(spec);
      assertThat(encoder.dimension()).isEqualTo(384);
    }
  }

  @Test
  void refusesOtherWeightsOfThatName() {
    assertThatThrownBy(() -> provider.open(spec("all-MiniLM-L6-v2", "0".repeat(64))))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("0".repeat(64))
        .hasMessageContaining(SHA256)
        .hasMessageContaining("SentenceEncoder.load");
  }

  @Test
  void saysHowToOpenOtherModels() {
    assertThatThrownBy(() -> provider.open(spec("all-MiniLM-L12-v2", SHA256)))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("all-MiniLM-L12-v2")
        .hasMessageContaining("SentenceEncoder.load")
        .hasMessageContaining("DragAndDrop.load");
  }

  @Test
  void saysHowToOpenAnAdaptedEncoder() {
    Map<String, String> properties = new HashMap<>(spec("all-MiniLM-L6-v2", SHA256).properties());
    properties.put("adapter", "1".repeat(64));

    assertThatThrownBy(() -> provider.open(new ComponentSpec("sentence-encoder", properties)))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("1".repeat(64))
        .hasMessageContaining("SentenceEncoder.withAdapter")
        .hasMessageContaining("DragAndDrop.load");
  }

  @Test
  void needsTheModelsName() {
    assertThatThrownBy(() -> provider.open(new ComponentSpec("sentence-encoder", Map.of())))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model");
  }
}
