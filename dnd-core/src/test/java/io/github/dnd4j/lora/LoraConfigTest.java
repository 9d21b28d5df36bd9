package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoraConfigTest {

  private static final LoraModule MODULE =
      new LoraModule("model.layers.1.self_attn.q_proj", 8, 8, 4);

  private static LoraConfig config(boolean rankStabilized, Map<String, Double> alphas) {
    return new LoraConfig(4, 8, rankStabilized, 0, "base", "CAUSAL_LM", Map.of(), alphas);
  }

  private static LoraConfig withDropout(double dropout) {
    return new LoraConfig(4, 8, false, dropout, "base", "CAUSAL_LM", Map.of(), Map.of());
  }

  @Test
  void theScaleIsAlphaByRank() {
    assertThat(config(false, Map.of()).scaleOf(MODULE)).isEqualTo(2);
  }

  @Test
  void theRankStabilizedScaleIsAlphaByItsRoot() {
    assertThat(config(true, Map.of()).scaleOf(MODULE)).isCloseTo(4, within(1e-12));
  }

  @Test
  void aModulesOwnAlphaAndRankScaleIt() {
    LoraModule ofRank2 = new LoraModule(MODULE.path(), 8, 8, 2);

    assertThat(config(false, Map.of("q_proj", 6.0)).scaleOf(ofRank2)).isEqualTo(3);
  }

  @Test
  void patternsMatchWholePartsFromTheEnd() {
    LoraConfig config =
        new LoraConfig(
            4,
            8,
            false,
            0,
            "base",
            "CAUSAL_LM",
            Map.of("q_proj", 1, "self_attn.k_proj", 2, "model.layers.1.mlp.up_proj", 3),
            Map.of("layers.1.self_attn.q_proj", 10.0, "q_proj", 20.0));

    assertThat(config.rankOf("model.layers.0.self_attn.q_proj")).isEqualTo(1);
    assertThat(config.rankOf("model.layers.0.self_attn.k_proj")).isEqualTo(2);
    assertThat(config.rankOf("k_proj")).as("less than the pattern").isEqualTo(4);
    assertThat(config.rankOf("model.layers.1.mlp.up_proj")).isEqualTo(3);
    assertThat(config.rankOf("model.layers.11.mlp.up_proj")).as("another layer").isEqualTo(4);
    assertThat(config.rankOf("model.layers.0.self_attn.eq_proj")).as("no whole part").isEqualTo(4);
    assertThat(config.alphaOf("model.layers.1.self_attn.q_proj")).as("the longest").isEqualTo(10);
    assertThat(config.alphaOf("model.layers.2.self_attn.q_proj")).isEqualTo(20);
    assertThat(config.alphaOf("model.layers.2.self_attn.v_proj")).isEqualTo(8);
  }

  /** What is written from them must not depend on a hash order that changes with each start. */
  @Test
  void patternsAreSortedCopies() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    for (String key : new String[] {"v", "q", "z", "a", "k", "o"}) {
      ranks.put(key, 1);
    }
    LoraConfig config = new LoraConfig(4, 8, false, 0, "base", "CAUSAL_LM", ranks, Map.of());
    ranks.clear();

    assertThat(config.rankPattern().keySet()).containsExactly("a", "k", "o", "q", "v", "z");
    assertThatThrownBy(() -> config.rankPattern().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -8})
  void theRankIsAtLeastOne(int rank) {
    assertThatThrownBy(() -> LoraConfig.of(rank, 8, "base", "CAUSAL_LM"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("rank must be at least 1, but is " + rank);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void alphaIsFinite(double alpha) {
    assertThatThrownBy(() -> LoraConfig.of(4, alpha, "base", "CAUSAL_LM"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("alpha must be a finite number");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -0.1, 1, 2})
  void dropoutIsAProbability(double dropout) {
    assertThatThrownBy(() -> withDropout(dropout))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("dropout must be from 0 to below 1, but is " + dropout);
  }

  @Test
  void aTaskTypeIsNeededButABaseModelMayBeUnknown() {
    assertThat(LoraConfig.of(4, 8, "", "CAUSAL_LM").baseModel()).isEmpty();
    assertThatThrownBy(() -> LoraConfig.of(4, 8, null, "CAUSAL_LM"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("baseModel must not be null");
    assertThatThrownBy(() -> LoraConfig.of(4, 8, "base", " "))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("taskType must not be blank");
  }

  @Test
  void patternsAreChecked() {
    assertThatThrownBy(
            () ->
                new LoraConfig(4, 8, false, 0, "base", "CAUSAL_LM", Map.of("q_proj", 0), Map.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("rankPattern of q_proj must be at least 1, but is 0");
    assertThatThrownBy(() -> config(false, Map.of("q_proj", Double.NaN)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("alphaPattern of q_proj must be a finite number");

    Map<String, Double> withNull = new HashMap<>();
    withNull.put("q_proj", null);
    assertThatThrownBy(() -> config(false, withNull))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("alphaPattern of q_proj must not be null");
  }
}
