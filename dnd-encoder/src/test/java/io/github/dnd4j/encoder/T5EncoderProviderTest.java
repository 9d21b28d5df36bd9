package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.Parts;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a saved generator that was made with a T5 says when its encoder is not given. */
class T5EncoderProviderTest {

  @Test
  void saysHowToOpenTheEncoder() {
    ComponentSpec spec =
        new ComponentSpec(
            "t5-encoder", Map.of("model", "t5-base", "dimension", "768", "sha256", "1".repeat(64)));

    assertThatThrownBy(() -> Parts.openEncoder(spec))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("t5-base")
        .hasMessageContaining("1".repeat(64))
        .hasMessageContaining("T5Encoder.load(directory)")
        .hasMessageContaining("DragAndDrop.load(path, encoder)");
  }
}
