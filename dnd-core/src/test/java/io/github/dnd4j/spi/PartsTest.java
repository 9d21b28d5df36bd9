package io.github.dnd4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PartsTest {

  @Test
  void anEncoderIsOpenedByItsType() {
    try (PromptEncoder encoder =
        Parts.openEncoder(new ComponentSpec("test-hash", Map.of("dimension", "7")))) {
      assertThat(encoder.dimension()).isEqualTo(7);
    }
  }

  @Test
  void anUnknownTypeIsAnsweredWithTheKnownOnesAndTheModuleToAdd() {
    assertThatThrownBy(() -> Parts.openEncoder(new ComponentSpec("glove", Map.of())))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("the type 'glove'")
        .hasMessageContaining("[test-hash]")
        .hasMessageContaining("io.github.dnd4j:dnd-encoder");
    assertThatThrownBy(
            () -> Parts.openDecoder(new ComponentSpec("hyper-conv", Map.of()), Path.of("w")))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("the type 'hyper-conv'")
        .hasMessageContaining("[test-linear]")
        .hasMessageContaining("io.github.dnd4j:dnd-decoder");
  }

  @Test
  void aPropertyThatIsMissingIsNamed() {
    assertThatThrownBy(() -> Parts.openEncoder(new ComponentSpec("test-hash", Map.of())))
        .isInstanceOf(FileFormatException.class)
        .hasMessage("a test-hash needs the property 'dimension'");
  }

  @Test
  void aSpecIsAValueWithSortedProperties() {
    Map<String, String> properties = new HashMap<>(Map.of("b", "2", "a", "1", "c", "3"));
    ComponentSpec spec = new ComponentSpec("type", properties);
    properties.clear();

    assertThat(spec).isEqualTo(new ComponentSpec("type", Map.of("c", "3", "b", "2", "a", "1")));
    assertThat(spec).hasToString("ComponentSpec[type=type, properties={a=1, b=2, c=3}]");
    assertThatThrownBy(() -> new ComponentSpec(" ", Map.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("type must not be blank");
  }

  @Test
  void shapesReadAsInTheMessages() {
    assertThat(new ConditionShape(128, 384, 384)).hasToString("[128, 384, 384]");
    assertThat(new TokenShape(4296, 10, 130)).hasToString("[4296, 10, 130]");
  }
}
