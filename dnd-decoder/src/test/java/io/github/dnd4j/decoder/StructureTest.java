package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.TokenShape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The structure of a decoder")
class StructureTest {

  private static final HyperConvConfig CONFIG = HyperConvConfig.of("(3,8,10) (5,4,6)", 3);

  @ParameterizedTest
  @ValueSource(
      strings = {"(6,20,24) (8,16,18)", " ( 6, 20 ,24 ),(8,16,18)\n", "(6,20,24)(8,16,18)"})
  @DisplayName("is read from triples, however they are spaced")
  void parsesFeatures(String text) {
    // when
    List<FeatureShape> shapes = FeatureShape.parseAll(text);
    // then
    assertThat(shapes).containsExactly(new FeatureShape(6, 20, 24), new FeatureShape(8, 16, 18));
    assertThat(FeatureShape.formatAll(shapes)).isEqualTo("(6,20,24) (8,16,18)");
    assertThat(FeatureShape.parseAll(FeatureShape.formatAll(shapes))).isEqualTo(shapes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "(6,20,24)",
        "(6,20,24) (8,16)",
        "(6,20,24) (8,16,18) and more",
        "(6,20,24) (8,16,-18)",
        "(6,20,24) (8,16,1.5)",
        "6,20,24 8,16,18",
        "(6,20,24) (8,16,99999999999)"
      })
  @DisplayName("is not read from anything else")
  void refusesFeatures(String text) {
    assertThatThrownBy(() -> FeatureShape.parseAll(text))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("two or more triples")
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  @DisplayName("has no axis of size 0 and no shape that is not there")
  void refusesEmptyShapes() {
    assertThatThrownBy(() -> FeatureShape.parseAll("(6,0,24) (8,16,18)"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("l must be at least 1, but is 0");
    assertThatThrownBy(() -> FeatureShape.parseAll(null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("features must not be null");
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("names its squeeze as variant and length")
  void squeezeRoundTrip(Variant variant) {
    // given
    LengthSqueeze squeeze = new LengthSqueeze(variant, 4608);
    // then
    assertThat(LengthSqueeze.parse(squeeze.toString())).isEqualTo(squeeze);
    assertThat(squeeze.toString()).endsWith(":4608");
    assertThat(LengthSqueeze.parse(" Permute:7 ")).isEqualTo(new LengthSqueeze(Variant.PERMUTE, 7));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "permute", "permute:", "permute:x", "fold:3", ":3", "permute:3:4"})
  @DisplayName("reads a squeeze from nothing else")
  void refusesSqueeze(String text) {
    assertThatThrownBy(() -> LengthSqueeze.parse(text))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("permute:LENGTH or reshape:LENGTH")
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  @DisplayName("squeezes at least one token")
  void refusesEmptySqueeze() {
    assertThatThrownBy(() -> LengthSqueeze.parse("permute:0"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("length must be at least 1, but is 0");
    assertThatThrownBy(() -> new LengthSqueeze(null, 3))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("variant must not be null");
  }

  @Test
  @DisplayName("says what goes in, what comes out and how many weights there are")
  void shapes() {
    // then
    assertThat(CONFIG.conditionShape()).isEqualTo(new ConditionShape(3, 8, 10));
    assertThat(CONFIG.tokenShape()).isEqualTo(new TokenShape(5, 4, 6));
    long norm = 2 * 8 * 10;
    long along = 9 * (2 * 6 * 10 + 2 * 4 * 8);
    long rest = 4 * 6 + 9 * 5 * 3 + 5;
    assertThat(CONFIG.parameterCount()).isEqualTo(norm + along + rest);
    // and with a squeeze in front
    HyperConvConfig squeezed = CONFIG.withSqueeze(new LengthSqueeze(Variant.RESHAPE, 20));
    assertThat(squeezed.conditionShape()).isEqualTo(new ConditionShape(3, 20, 10));
    assertThat(squeezed.parameterCount())
        .isEqualTo(CONFIG.parameterCount() + 8 * 20 + 8 + 8 * 8 + 8);
  }

  @Test
  @DisplayName("comes back from the properties of a saved generator")
  void specRoundTrip() {
    // given
    HyperConvConfig squeezed = CONFIG.withSqueeze(new LengthSqueeze(Variant.RESHAPE, 20));
    // then
    assertThat(HyperConvConfig.fromSpec(CONFIG.toSpec())).isEqualTo(CONFIG);
    assertThat(HyperConvConfig.fromSpec(squeezed.toSpec())).isEqualTo(squeezed);
    assertThat(squeezed.toSpec())
        .isEqualTo(
            new ComponentSpec(
                "hyper-conv",
                Map.of("features", "(3,8,10) (5,4,6)", "kernel", "3", "squeeze", "reshape:20")));
  }

  @Test
  @DisplayName("is not made of properties that are missing or no numbers")
  void badSpecs() {
    assertThatThrownBy(() -> HyperConvConfig.fromSpec(without("features")))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("'features'");
    assertThatThrownBy(() -> HyperConvConfig.fromSpec(without("kernel")))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("'kernel'");
    assertThatThrownBy(() -> HyperConvConfig.fromSpec(with("kernel", "three")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the kernel must be a whole number, but is three");
    assertThatThrownBy(() -> HyperConvConfig.fromSpec(with("kernel", "4")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the kernel must be odd and positive, but is 4");
    assertThatThrownBy(() -> HyperConvConfig.fromSpec(with("squeeze", "none")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("\"none\"");
  }

  @Test
  @DisplayName("has two feature shapes at least and an odd kernel")
  void refusesImpossible() {
    List<FeatureShape> one = List.of(new FeatureShape(1, 2, 3));
    assertThatThrownBy(() -> new HyperConvConfig(one, 3, Optional.empty()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least two feature shapes");
    assertThatThrownBy(() -> HyperConvConfig.of("(3,8,10) (5,4,6)", 0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("odd and positive");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(1,1,999999999) (1,1,999999999) (1,1,999999999)",
        "(999999999,999999999,999999999) (999999999,999999999,999999999)"
      })
  @DisplayName("is refused where its weights cannot be counted")
  void uncountable(String features) {
    // given
    HyperConvConfig config = HyperConvConfig.of(features, 101);
    // then
    assertThatThrownBy(config::parameterCount)
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("a decoder of the features " + features + " is too large");
  }

  private static ComponentSpec with(String key, String value) {
    Map<String, String> properties = new HashMap<>(CONFIG.toSpec().properties());
    properties.put(key, value);
    return new ComponentSpec(HyperConvConfig.TYPE, properties);
  }

  private static ComponentSpec without(String key) {
    Map<String, String> properties = new HashMap<>(CONFIG.toSpec().properties());
    properties.remove(key);
    return new ComponentSpec(HyperConvConfig.TYPE, properties);
  }
}
