package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraTargetTest {

  private static final LoraConfig CONFIG = LoraConfig.of(2, 4, "some/base", LoraConfig.CAUSAL_LM);

  private static LoraTarget target(int tileWidth, LoraModule... modules) {
    return new LoraTarget("test", CONFIG, tileWidth, List.of(modules));
  }

  private static LoraTarget derived(int in, int out) {
    try (LoraAdapter adapter =
        TestAdapters.random(CONFIG, List.of(new LoraModule("m", in, out, 2)), 1)) {
      return LoraTarget.of(adapter);
    }
  }

  @Test
  void shuffledModulesAreBroughtIntoTheOrderOfTheReference() {
    // given the modules of layers 2 and 10, in an arbitrary order
    List<LoraModule> expected = new ArrayList<>();
    for (int layer : new int[] {2, 10}) {
      for (String part :
          List.of(
              "self_attn.q_proj",
              "self_attn.k_proj",
              "self_attn.v_proj",
              "self_attn.o_proj",
              "mlp.up_proj",
              "mlp.gate_proj",
              "mlp.down_proj")) {
        expected.add(new LoraModule("model.layers." + layer + "." + part, 8, 4, 2));
      }
    }
    List<LoraModule> shuffled = new ArrayList<>(expected);
    Collections.shuffle(shuffled, new Random(7));

    // when
    try (LoraAdapter adapter = TestAdapters.random(CONFIG, shuffled, 1)) {
      LoraTarget target = LoraTarget.of(adapter);

      // then
      assertThat(target.modules()).containsExactlyElementsOf(expected);
      assertThat(target.config()).isEqualTo(CONFIG);
      assertThat(target.name()).isEqualTo("some/base");
    }
  }

  @Test
  void theKnownTargetsAreInCanonicalOrder() {
    for (LoraTarget target : LoraTargets.all()) {
      List<LoraModule> shuffled = new ArrayList<>(target.modules());
      Collections.shuffle(shuffled, new Random(8));
      shuffled.sort(ModuleOrder.CANONICAL);

      assertThat(shuffled).as(target.name()).isEqualTo(target.modules());
    }
  }

  @Test
  void towersStayTogetherAndUnknownModulesComeLastByName() {
    List<LoraModule> modules =
        new ArrayList<>(
            List.of(
                new LoraModule("visual.blocks.0.qkv", 4, 4, 2),
                new LoraModule("model.layers.0.z_proj", 4, 4, 2),
                new LoraModule("model.layers.0.b_proj", 4, 4, 2),
                new LoraModule("model.layers.0.mlp.down_proj", 4, 4, 2),
                new LoraModule("lm_head", 4, 4, 2),
                new LoraModule("model.layers.1.self_attn.q_proj", 4, 4, 2)));
    modules.sort(ModuleOrder.CANONICAL);

    assertThat(modules)
        .extracting(LoraModule::path)
        .containsExactly(
            "lm_head",
            "model.layers.0.mlp.down_proj",
            "model.layers.0.b_proj",
            "model.layers.0.z_proj",
            "model.layers.1.self_attn.q_proj",
            "visual.blocks.0.qkv");
  }

  @ParameterizedTest
  @CsvSource({
    "896, 128, 128",
    "384, 1536, 384",
    "1024, 2048, 512",
    "12, 18, 6",
    "1030, 1030, 206",
    "9, 6, none",
    "7, 7, none"
  })
  void theWidestEvenTileOfAtMost512IsChosen(int in, int out, String expected) {
    if (expected.equals("none")) {
      assertThatThrownBy(() -> derived(in, out))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("no even tile width divides them all");
    } else {
      assertThat(derived(in, out).tileWidth()).isEqualTo(Integer.parseInt(expected));
    }
  }

  @Test
  void aTileWidthMayBeChosen() {
    try (LoraAdapter adapter =
        TestAdapters.random(CONFIG, List.of(new LoraModule("m", 12, 24, 2)), 1)) {
      assertThat(LoraTarget.of(adapter, 4).tokenCount()).isEqualTo(9);
      assertThatThrownBy(() -> LoraTarget.of(adapter, 8))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("module m is 12 -> 24")
          .hasMessageContaining("multiples of the tile width 8");
    }
  }

  @Test
  void anAdapterWithoutABaseModelStillHasATarget() {
    LoraConfig config = LoraConfig.of(2, 4, "", LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter =
        TestAdapters.random(config, List.of(new LoraModule("m", 4, 4, 2)), 1)) {
      assertThat(LoraTarget.of(adapter).name()).isEqualTo("adapter");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-2, 0})
  void theTileWidthMustBePositive(int width) {
    assertThatThrownBy(() -> target(width, new LoraModule("m", 4, 4, 2)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("tileWidth must be at least 1");
  }

  @Test
  void anOddTileWidthIsRefused() {
    assertThatThrownBy(() -> target(3, new LoraModule("m", 9, 9, 2)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("must be even, but is 3");
  }

  @Test
  void aModuleMayBeListedOnlyOnce() {
    LoraModule module = new LoraModule("layers.0.q", 4, 4, 2);
    assertThatThrownBy(() -> target(4, module, module))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("target test lists layers.0.q twice");
  }

  @Test
  void atLeastOneModuleIsNeeded() {
    assertThatThrownBy(() -> target(4))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("target test has no modules");
  }

  @Test
  void modulesHaveTheRankOfTheConfiguration() {
    assertThatThrownBy(() -> target(4, new LoraModule("m", 4, 4, 3)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("module m has the rank 3")
        .hasMessageContaining("says 2");
  }

  @Test
  void moreTokensThanAnIntCountsAreRefused() {
    LoraConfig one = LoraConfig.of(1, 1, "base", LoraConfig.CAUSAL_LM);
    int size = Integer.MAX_VALUE - 1;
    List<LoraModule> modules =
        List.of(new LoraModule("a", size, size, 1), new LoraModule("b", size, size, 1));
    assertThatThrownBy(() -> new LoraTarget("huge", one, 2, modules))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("4294967292 weight tokens");
  }

  @Test
  void anotherBaseModelChangesNothingElse() {
    LoraTarget tuned = LoraTargets.QWEN25_0_5B.withBaseModel("me/tuned");

    assertThat(tuned.config().baseModel()).isEqualTo("me/tuned");
    assertThat(tuned.withBaseModel(LoraTargets.QWEN25_0_5B.config().baseModel()))
        .isEqualTo(LoraTargets.QWEN25_0_5B);
  }

  @Test
  void theModulesAreACopy() {
    List<LoraModule> modules = new ArrayList<>(List.of(new LoraModule("m", 4, 4, 2)));
    LoraTarget target = new LoraTarget("test", CONFIG, 4, modules);
    modules.clear();

    assertThat(target.modules()).hasSize(1);
  }

  @Test
  void theTextFormIsShort() {
    assertThat(LoraTargets.QWEN25_0_5B)
        .hasToString("qwen2.5-0.5b (168 modules, 4296 tokens of 10 x 130)");
  }

  @Test
  void theTallestModuleDecidesTheGrid() {
    LoraConfig config =
        new LoraConfig(2, 4, false, 0, "base", "CAUSAL_LM", Map.of("b", 5), Map.of());
    LoraTarget target =
        new LoraTarget(
            "test", config, 4, List.of(new LoraModule("a", 4, 4, 2), new LoraModule("b", 4, 4, 5)));

    assertThat(target.tokenHeight()).isEqualTo(7);
  }
}
