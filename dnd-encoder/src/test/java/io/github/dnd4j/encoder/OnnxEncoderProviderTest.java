package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.Parts;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How a generator that was saved with an ONNX model finds it again: by its user. */
class OnnxEncoderProviderTest {

  @Test
  void saysHowToOpenTheModel() {
    ComponentSpec spec =
        new ComponentSpec(
            "onnx-encoder",
            Map.of("model", "bge-m3", "dimension", "1024", "sha256", "0".repeat(64)));

    assertThatThrownBy(() -> Parts.openEncoder(spec))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("bge-m3")
        .hasMessageContaining("0".repeat(64))
        .hasMessageContaining("OnnxEncoder.load(directory)")
        .hasMessageContaining("DragAndDrop.load(path, encoder)");
  }
}
