package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.Parts;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a generator that was saved with an encoder of files finds it again: by its user. */
class FileEncoderProviderTest {

  @ParameterizedTest
  @CsvSource({
    "onnx-encoder, OnnxEncoder.load(directory)",
    "glove-encoder, GloveEncoder.load(vectorsFile)",
    "causal-lm-encoder, 'CausalLmEncoder.load(directory, layer)'"
  })
  void saysHowToOpenTheEncoder(String type, String call) {
    ComponentSpec spec =
        new ComponentSpec(
            type, Map.of("model", "mine", "dimension", "1024", "sha256", "0".repeat(64)));

    assertThatThrownBy(() -> Parts.openEncoder(spec))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("the encoder mine of SHA-256 " + "0".repeat(64))
        .hasMessageContaining(call)
        .hasMessageContaining("DragAndDrop.load(path, encoder)");
  }

  @Test
  void namesTheLayer() {
    ComponentSpec spec =
        new ComponentSpec(
            CausalLmEncoder.TYPE,
            Map.of("model", "qwen", "layer", "14", "dimension", "9", "sha256", "1".repeat(64)));

    assertThatThrownBy(() -> Parts.openEncoder(spec))
        .hasMessageContaining("qwen up to layer 14 of SHA-256");
  }
}
