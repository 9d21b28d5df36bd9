package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.TokenShape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Presets")
class HyperConvPresetTest {

  @ParameterizedTest
  @CsvSource({
    "qwen2.5-0.5b, 1113.2",
    "qwen2.5-1.5b-coding, 1742.9",
    "qwen2.5-7b-coding, 1964.1",
    "minilm-l6, 6.1"
  })
  @DisplayName("have the number of parameters that their formulas give")
  void parameterCounts(String id, String millions) {
    // given
    double count = HyperConvPreset.byId(id).config().parameterCount() / 1e6;
    int decimals = millions.contains(".") ? millions.length() - millions.indexOf('.') - 1 : 0;
    // then
    assertThat(String.format(java.util.Locale.ROOT, "%." + decimals + "f", count))
        .isEqualTo(millions);
  }

  @ParameterizedTest
  @CsvSource({
    "QWEN25_0_5B, 128, 384, 384, 9",
    "QWEN25_1_5B_MATH, 32, 4608, 384, 11",
    "QWEN25_1_5B_CODING, 16, 26624, 384, 11",
    "QWEN25_7B_MATH, 16, 4608, 384, 11",
    "QWEN25_7B_CODING, 16, 26624, 384, 11",
    "QWEN25_VL_3B, 16, 1536, 384, 11",
    "ABLATION_GLOVE, 128, 200, 300, 9",
    "ABLATION_T5_BASE, 64, 384, 768, 9",
    "ABLATION_QWEN25_7B, 20, 384, 3584, 9",
    "MINILM_L6, 16, 32, 384, 5"
  })
  @DisplayName("take the conditions that were published")
  void conditions(HyperConvPreset preset, int prompts, int length, int dimension, int kernel) {
    assertThat(preset.config().conditionShape())
        .isEqualTo(new ConditionShape(prompts, length, dimension));
    assertThat(preset.config().kernel()).isEqualTo(kernel);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("give the weight tokens of their target")
  void tokens(HyperConvPreset preset) {
    // given
    LoraTarget target = preset.target();
    // then
    assertThat(preset.config().tokenShape())
        .isEqualTo(new TokenShape(target.tokenCount(), target.tokenHeight(), target.tokenWidth()));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("squeeze long conditions to 1000 tokens, and short ones not at all")
  void squeezes(HyperConvPreset preset) {
    // given
    HyperConvConfig config = preset.config();
    // then
    if (config.conditionShape().textLength() > 4000) {
      assertThat(config.squeeze()).map(LengthSqueeze::variant).contains(Variant.PERMUTE);
      assertThat(config.features().get(0).l()).isEqualTo(1000);
    } else {
      assertThat(config.squeeze()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("are found by their names, and come back from a saved generator")
  void names(HyperConvPreset preset) {
    assertThat(HyperConvPreset.byId(preset.id())).isSameAs(preset);
    assertThat(HyperConvPreset.ids()).contains(preset.id());
    assertThat(HyperConvConfig.fromSpec(preset.config().toSpec())).isEqualTo(preset.config());
  }

  @Test
  @DisplayName("list their names when there is none of the name asked for")
  void unknownName() {
    assertThatThrownBy(() -> HyperConvPreset.byId("qwen3"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("no preset is called qwen3; the names are " + HyperConvPreset.ids());
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("decode, with all stages and kernels at reduced width")
  void decodes(HyperConvPreset preset) {
    // given
    HyperConvConfig config = reduced(preset.config());
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(config, 1);
        INDArray conditions = condition(decoder.conditionShape());
        // when
        INDArray tokens = decoder.decode(conditions, ProgressListener.NONE)) {
      // then
      TokenShape shape = config.tokenShape();
      assertThat(tokens.shape()).containsExactly(1, shape.tokens(), shape.height(), shape.width());
      float[] values = Tensors.values(tokens);
      for (float value : values) {
        assertThat(value).isFinite();
      }
      assertThat(Tensors.norm(tokens) / Math.sqrt(values.length)).isBetween(1e-3, 10.0);
      assertThat(values).doesNotHaveDuplicates();
    }
  }

  private static INDArray condition(ConditionShape shape) {
    return Tensors.gaussian(2, 1, shape.prompts(), shape.textLength(), shape.dimension());
  }

  /** The same stages and kernel, each axis divided down; axes that were equal stay equal. */
  private static HyperConvConfig reduced(HyperConvConfig config) {
    List<FeatureShape> features =
        config.features().stream()
            .map(f -> new FeatureShape(divided(f.n(), 128), divided(f.l(), 32), divided(f.c(), 32)))
            .toList();
    Optional<LengthSqueeze> squeeze =
        config.squeeze().map(s -> new LengthSqueeze(s.variant(), divided(s.length(), 32)));
    return new HyperConvConfig(features, config.kernel(), squeeze);
  }

  private static int divided(int size, int divisor) {
    return (size + divisor - 1) / divisor;
  }
}
