package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The mean of adapters")
class AdapterMeanTest {

  @Test
  @DisplayName("is the mean of A and the mean of B, whatever the order of the modules")
  void mean() {
    // given
    try (LoraAdapter first = adapter(2, 1, "x", "y");
        LoraAdapter second = adapter(2, 4, "y", "x");
        LoraAdapter mean = AdapterMean.of(List.of(first, second))) {
      // then
      assertThat(HostFloats.toArray(mean.weights("x").a())).containsExactly(2.5f, 5);
      assertThat(HostFloats.toArray(mean.weights("x").b())).containsExactly(-2.5f, -5, -7.5f);
      assertThat(HostFloats.toArray(mean.weights("y").a())).containsExactly(2.5f, 5);
      assertThat(mean.config()).isEqualTo(first.config());
      assertThat(mean.metadata()).containsEntry("dnd4j.mean_of", "2");
    }
  }

  @Test
  @DisplayName("exists of adapters of the same modules and alphas only")
  void unlike() {
    // given
    try (LoraAdapter adapter = adapter(2, 1, "x", "y");
        LoraAdapter otherAlpha = adapter(3, 1, "x", "y");
        LoraAdapter otherModules = adapter(2, 1, "x")) {
      // when, then
      assertFails(List.of(), "no adapters");
      assertFails(List.of(adapter, otherAlpha), "alphas");
      assertFails(List.of(adapter, otherModules), "modules");
    }
  }

  private static void assertFails(List<LoraAdapter> adapters, String message) {
    assertThatThrownBy(() -> AdapterMean.of(adapters))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(message);
  }

  /** Rank 1: A is (v, 2v), B is (-v, -2v, -3v) in every module. */
  private static LoraAdapter adapter(double alpha, float v, String... modules) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (String module : modules) {
      weights.put(
          module,
          new LoraWeights(
              HostFloats.toTensor(new float[] {v, 2 * v}, 1, 2),
              HostFloats.toTensor(new float[] {-v, -2 * v, -3 * v}, 3, 1)));
    }
    LoraConfig config = LoraConfig.of(1, alpha, "model", LoraConfig.FEATURE_EXTRACTION);
    return new LoraAdapter(config, weights, Map.of());
  }
}
