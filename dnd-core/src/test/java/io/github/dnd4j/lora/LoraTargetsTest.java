package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraTargetsTest {

  @ParameterizedTest
  @CsvSource({
    "qwen2.5-0.5b,  168, 4296, 10, 130,  8",
    "qwen2.5-1.5b,  196, 4508, 18, 258, 16",
    "qwen2.5-7b,    196, 4928, 18, 514, 16",
    "qwen2.5-vl-3b, 252, 7308, 18, 258, 16",
    "minilm-l6,      36,  324, 10, 130,  8",
  })
  void theTokenGridsAreThoseOfThePublishedDecoders(
      String name, int modules, int tokens, int height, int width, int rank) {
    LoraTarget target = LoraTargets.byName(name);

    assertThat(target.modules()).hasSize(modules);
    assertThat(target.tokenCount()).isEqualTo(tokens);
    assertThat(target.tokenHeight()).isEqualTo(height);
    assertThat(target.tokenWidth()).isEqualTo(width);
    assertThat(target.config().rank()).isEqualTo(rank);
    assertThat(target.config().alpha()).isEqualTo(2 * rank);
  }

  @ParameterizedTest
  @CsvSource({"qwen2.5-0.5b, 4399104", "minilm-l6, 331776"})
  void adaptersHaveTheKnownNumberOfParameters(String name, long count) {
    assertThat(LoraTargets.byName(name).parameterCount()).isEqualTo(count);
  }

  @Test
  void aQwenLayerHasSevenModulesInTokenOrder() {
    assertThat(LoraTargets.QWEN25_0_5B.modules().subList(7, 14))
        .containsExactly(
            new LoraModule("model.layers.1.self_attn.q_proj", 896, 896, 8),
            new LoraModule("model.layers.1.self_attn.k_proj", 896, 128, 8),
            new LoraModule("model.layers.1.self_attn.v_proj", 896, 128, 8),
            new LoraModule("model.layers.1.self_attn.o_proj", 896, 896, 8),
            new LoraModule("model.layers.1.mlp.up_proj", 896, 4864, 8),
            new LoraModule("model.layers.1.mlp.gate_proj", 896, 4864, 8),
            new LoraModule("model.layers.1.mlp.down_proj", 4864, 896, 8));
    assertThat(LoraTargets.QWEN25_0_5B.config().taskType()).isEqualTo("CAUSAL_LM");
  }

  @Test
  void aMiniLmLayerHasSixModulesInTokenOrder() {
    assertThat(LoraTargets.MINILM_L6.modules().subList(30, 36))
        .containsExactly(
            new LoraModule("encoder.layer.5.attention.self.query", 384, 384, 8),
            new LoraModule("encoder.layer.5.attention.self.key", 384, 384, 8),
            new LoraModule("encoder.layer.5.attention.self.value", 384, 384, 8),
            new LoraModule("encoder.layer.5.attention.output.dense", 384, 384, 8),
            new LoraModule("encoder.layer.5.intermediate.dense", 384, 1536, 8),
            new LoraModule("encoder.layer.5.output.dense", 1536, 384, 8));
    assertThat(LoraTargets.MINILM_L6.config().taskType()).isEqualTo("FEATURE_EXTRACTION");
  }

  @Test
  void everyTargetIsFoundByItsName() {
    assertThat(LoraTargets.all())
        .hasSize(5)
        .allSatisfy(target -> assertThat(LoraTargets.byName(target.name())).isSameAs(target));
  }

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() {
    assertThatThrownBy(() -> LoraTargets.byName("gpt-2"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("no target is called gpt-2")
        .hasMessageContaining("qwen2.5-0.5b, qwen2.5-1.5b, qwen2.5-7b, qwen2.5-vl-3b, minilm-l6");
  }
}
