package io.github.dnd4j.lora;

import static io.github.dnd4j.lora.DenseChange.relativeError;
import static io.github.dnd4j.lora.DenseChange.sum;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The algebra of adapters")
class LoraAlgebraTest {

  /** What the rounding of results to float32 leaves. */
  private static final double ROUNDING = 1e-6;

  private static final String UP = "layers.0.up";
  private static final String DOWN = "layers.0.down";

  /** Two modules, wider and narrower than the largest rank of these tests. */
  private static List<LoraModule> modules(int rank) {
    return List.of(new LoraModule(UP, 96, 40, rank), new LoraModule(DOWN, 40, 96, rank));
  }

  private static LoraAdapter adapter(int rank, double alpha, boolean rankStabilized, long seed) {
    LoraConfig config =
        new LoraConfig(
            rank, alpha, rankStabilized, 0, "base", LoraConfig.CAUSAL_LM, Map.of(), Map.of());
    return TestAdapters.random(config, modules(rank), seed);
  }

  /** Another rank and another alpha in one of its two modules. */
  private static LoraAdapter patterned(long seed) {
    LoraConfig config =
        new LoraConfig(
            4, 8, false, 0, "base", LoraConfig.CAUSAL_LM, Map.of("down", 2), Map.of("down", 3.0));
    return TestAdapters.random(config, List.of(modules(4).get(0), modules(2).get(1)), seed);
  }

  private static LoraAdapter zero(int rank) {
    LoraTarget target =
        new LoraTarget(
            "zero", LoraConfig.of(rank, 16, "base", LoraConfig.CAUSAL_LM), 8, modules(rank));
    return TestAdapters.constant(target, 0.5f, 0);
  }

  @Nested
  @DisplayName("scale")
  class Scale {

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1, -2, 0})
    @DisplayName("multiplies dW and keeps the configuration")
    void scale(double factor) {
      // given
      try (LoraAdapter adapter = adapter(8, 16, true, 1);
          // when
          LoraAdapter scaled = LoraAlgebra.scale(adapter, factor)) {
        // then
        double[] expected = sum(factor, DenseChange.of(adapter), 0, DenseChange.of(adapter));
        assertThat(DenseChange.distance(DenseChange.of(scaled), expected))
            .isLessThanOrEqualTo(ROUNDING * DenseChange.norm(expected));
        assertThat(scaled.config()).isEqualTo(adapter.config());
        assertThat(scaled.metadata()).containsEntry(LoraAlgebra.DERIVATION, "scaled by " + factor);
      }
    }

    @Test
    @DisplayName("leaves a trace of every step in the metadata, after what was there")
    void metadata() {
      try (LoraAdapter adapter = adapter(2, 4, false, 1);
          LoraAdapter once = LoraAlgebra.scale(adapter, 2);
          LoraAdapter twice = LoraAlgebra.scale(once, 3)) {
        assertThat(twice.metadata())
            .containsEntry(LoraAlgebra.DERIVATION, "scaled by 2.0; scaled by 3.0");
      }
    }

    @Test
    @DisplayName("refuses a factor that is no number, and one that carries a weight out of float32")
    void refusals() {
      try (LoraAdapter adapter = adapter(2, 4, false, 1)) {
        assertThatThrownBy(() -> LoraAlgebra.scale(adapter, Double.NaN))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("factor");
        assertThatThrownBy(() -> LoraAlgebra.scale(adapter, 1e300))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining(UP);
      }
    }
  }

  @Nested
  @DisplayName("weightedSum")
  class WeightedSum {

    @ParameterizedTest
    @CsvSource({"1, 1", "8, 4", "64, 1", "64, 64"})
    @DisplayName("adds dW exactly, whatever the ranks, alphas and kinds of scale")
    void ofDifferentRanks(int rank1, int rank2) {
      // given
      try (LoraAdapter first = adapter(rank1, 16, false, 1);
          LoraAdapter second = adapter(rank2, 24, true, 2);
          // when
          LoraAdapter sum = LoraAlgebra.weightedSum(List.of(first, second), 0.7, -1.5)) {
        // then
        double[] expected = sum(0.7, DenseChange.of(first), -1.5, DenseChange.of(second));
        assertThat(relativeError(DenseChange.of(sum), expected)).isLessThan(ROUNDING);
        assertThat(sum.config().rank()).isEqualTo(rank1 + rank2);
        assertThat(sum.config().rankPattern()).isEmpty();
        assertThat(sum.config().scaleOf(sum.modules().get(0))).isEqualTo(1);
        assertThat(sum.metadata())
            .containsEntry(LoraAlgebra.DERIVATION, "weighted sum of 2 adapters [0.7, -1.5]");
      }
    }

    @Test
    @DisplayName("lists the modules whose rank is another, with an alpha that makes their scale 1")
    void ofPatterns() {
      // given
      try (LoraAdapter first = adapter(8, 16, false, 1);
          LoraAdapter second = patterned(2);
          // when
          LoraAdapter sum = LoraAlgebra.weightedSum(List.of(first, second), 2, 3)) {
        // then
        double[] expected = sum(2, DenseChange.of(first), 3, DenseChange.of(second));
        assertThat(relativeError(DenseChange.of(sum), expected)).isLessThan(ROUNDING);
        assertThat(sum.config().rank()).isEqualTo(12);
        assertThat(sum.config().rankPattern()).containsExactly(Map.entry(DOWN, 10));
        assertThat(sum.config().alphaPattern()).containsExactly(Map.entry(DOWN, 10.0));
      }
    }

    @Test
    @DisplayName("gets the ranks right where one module's path is the end of another's")
    void ofPathsThatEndAlike() {
      // given rank 2 for 'up', whose name would also stand for 'layers.0.up' of rank 4
      LoraConfig config =
          new LoraConfig(
              4, 4, false, 0, "base", LoraConfig.CAUSAL_LM, Map.of("up", 2, UP, 4), Map.of());
      List<LoraModule> alike = List.of(new LoraModule("up", 8, 8, 2), new LoraModule(UP, 8, 8, 4));
      try (LoraAdapter adapter = TestAdapters.random(config, alike, 1);
          // when
          LoraAdapter sum = LoraAlgebra.weightedSum(List.of(adapter, adapter), 1, 1)) {
        // then
        double[] once = DenseChange.of(adapter);
        assertThat(relativeError(DenseChange.of(sum), sum(1, once, 1, once))).isLessThan(ROUNDING);
        assertThat(sum.modules()).extracting(LoraModule::rank).containsExactly(4, 8);
      }
    }

    @Test
    @DisplayName("takes an adapter that changes nothing")
    void ofZero() {
      try (LoraAdapter adapter = adapter(4, 8, false, 1);
          LoraAdapter zero = zero(2);
          LoraAdapter sum = LoraAlgebra.weightedSum(List.of(zero, adapter), 1, 1)) {
        assertThat(relativeError(DenseChange.of(sum), DenseChange.of(adapter)))
            .isLessThan(ROUNDING);
      }
    }

    @Test
    @DisplayName("with equal weights is the mean of what the adapters do")
    void mean() {
      try (LoraAdapter first = adapter(8, 16, false, 1);
          LoraAdapter second = adapter(4, 16, true, 2);
          LoraAdapter mean = LoraAlgebra.mean(List.of(first, second))) {
        double[] expected = sum(0.5, DenseChange.of(first), 0.5, DenseChange.of(second));
        assertThat(relativeError(DenseChange.of(mean), expected)).isLessThan(ROUNDING);
      }
    }

    @Test
    @DisplayName("names the adapter and the module that do not fit")
    void mismatches() {
      LoraConfig config = LoraConfig.of(4, 8, "base", LoraConfig.CAUSAL_LM);
      try (LoraAdapter adapter = adapter(4, 8, false, 1);
          LoraAdapter fewer = TestAdapters.random(config, modules(4).subList(0, 1), 2);
          LoraAdapter wider =
              TestAdapters.random(
                  config, List.of(modules(4).get(0), new LoraModule(DOWN, 41, 96, 4)), 2)) {
        assertFails(List.of(adapter, fewer), InvalidInputException.class, "adapter 2 of 2", DOWN);
        assertFails(List.of(fewer, adapter), InvalidInputException.class, "adapter 1 of 2", DOWN);
        assertFails(
            List.of(adapter, wider), ShapeMismatchException.class, DOWN, "40 -> 96", "41 -> 96");
        assertFails(List.of(), InvalidInputException.class, "no adapters");
        assertThatThrownBy(() -> LoraAlgebra.weightedSum(List.of(adapter), 1, 2))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("1 adapters, but 2 weights");
      }
    }

    private void assertFails(
        List<LoraAdapter> adapters, Class<? extends DragAndDropException> type, String... parts) {
      assertThatThrownBy(() -> LoraAlgebra.mean(adapters))
          .isInstanceOf(type)
          .hasMessageContainingAll(parts);
    }
  }

  @Nested
  @DisplayName("meanOfMatrices")
  class MeanOfMatrices {

    @Test
    @DisplayName("is the mean of A and the mean of B, whatever the order of the modules")
    void mean() {
      // given
      try (LoraAdapter first = rankOne(2, 1, "x", "y");
          LoraAdapter second = rankOne(2, 4, "y", "x");
          // when
          LoraAdapter mean = LoraAlgebra.meanOfMatrices(List.of(first, second));
          LoraAdapter weighted = LoraAlgebra.meanOfMatrices(List.of(first, second), 0.75, 0.25)) {
        // then
        assertThat(HostFloats.toArray(mean.weights("x").a())).containsExactly(2.5f, 5);
        assertThat(HostFloats.toArray(mean.weights("x").b())).containsExactly(-2.5f, -5, -7.5f);
        assertThat(HostFloats.toArray(mean.weights("y").a())).containsExactly(2.5f, 5);
        assertThat(HostFloats.toArray(weighted.weights("y").a())).containsExactly(1.75f, 3.5f);
        assertThat(mean.config()).isEqualTo(first.config());
        assertThat(mean.metadata())
            .containsEntry(LoraAlgebra.DERIVATION, "mean of the matrices of 2 adapters [0.5, 0.5]");
      }
    }

    @Test
    @DisplayName("of adapters that share their A is the mean of what they do, without more rank")
    void ofCommonDescent() {
      // given
      try (LoraAdapter first = rankOne(2, 1, "x");
          LoraAdapter second = LoraAlgebra.scale(first, 3);
          // when
          LoraAdapter cheap = LoraAlgebra.meanOfMatrices(List.of(first, second));
          LoraAdapter exact = LoraAlgebra.mean(List.of(first, second))) {
        // then
        assertThat(relativeError(DenseChange.of(cheap), DenseChange.of(exact)))
            .isLessThan(ROUNDING);
        assertThat(cheap.config().rank()).isEqualTo(1);
        assertThat(exact.config().rank()).isEqualTo(2);
      }
    }

    @Test
    @DisplayName("exists of adapters of the same modules, ranks and alphas only")
    void unlike() {
      try (LoraAdapter adapter = rankOne(2, 1, "x", "y");
          LoraAdapter otherAlpha = rankOne(3, 1, "x", "y");
          LoraAdapter otherModules = rankOne(2, 1, "x")) {
        assertFails(List.of(), "no adapters");
        assertFails(List.of(adapter, otherAlpha), "alphas");
        assertFails(List.of(adapter, otherModules), "no module y");
        assertThatThrownBy(() -> LoraAlgebra.meanOfMatrices(List.of(adapter, adapter), 1, 1))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("add up to 1, but come to 2.0");
      }
    }

    private void assertFails(List<LoraAdapter> adapters, String message) {
      assertThatThrownBy(() -> LoraAlgebra.meanOfMatrices(adapters))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(message);
    }

    /** Rank 1: A is (v, 2v), B is (-v, -2v, -3v) in every module. */
    private LoraAdapter rankOne(double alpha, float v, String... modules) {
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

  @Nested
  @DisplayName("reduceRank")
  class ReduceRank {

    @ParameterizedTest
    @CsvSource({"8, 3", "8, 1", "64, 16", "64, 39"})
    @DisplayName("leaves out the smallest singular values and nothing else (Eckart and Young)")
    void isOptimal(int rank, int reducedRank) {
      // given
      try (LoraAdapter adapter = adapter(rank, 16, true, 5);
          // when
          RankReduction reduction = LoraAlgebra.reduceRank(adapter, reducedRank)) {
        // then
        for (LoraModule module : adapter.modules()) {
          String path = module.path();
          double[] spectrum = LoraGeometry.spectrum(adapter, path);
          double dropped = 0;
          for (int i = reducedRank; i < spectrum.length; i++) {
            dropped += spectrum[i] * spectrum[i];
          }
          double[] dense = DenseChange.of(adapter, path);
          double actual = DenseChange.distance(dense, DenseChange.of(reduction.adapter(), path));
          double tolerance = ROUNDING * DenseChange.norm(dense);
          assertThat(actual).isCloseTo(Math.sqrt(dropped), within(tolerance));
          assertThat(reduction.moduleErrors().get(path)).isCloseTo(actual, within(tolerance));
        }
        double all = DenseChange.norm(DenseChange.of(adapter));
        double error =
            DenseChange.distance(DenseChange.of(adapter), DenseChange.of(reduction.adapter()));
        assertThat(reduction.error()).isCloseTo(error, within(ROUNDING * all));
        assertThat(reduction.relativeError()).isCloseTo(error / all, within(ROUNDING));
        assertThat(reduction.adapter().config().rank()).isEqualTo(reducedRank);
      }
    }

    @Test
    @DisplayName("gives back what a sum of little rank has too much of")
    void ofAddedRank() {
      // given an adapter added to itself: rank 16 by its matrices, 8 by what it does
      try (LoraAdapter adapter = adapter(8, 16, false, 1);
          LoraAdapter twice = LoraAlgebra.weightedSum(List.of(adapter, adapter), 1, 1);
          // when
          RankReduction reduction = LoraAlgebra.reduceRank(twice, 8)) {
        // then
        assertThat(reduction.relativeError()).isLessThan(ROUNDING);
        assertThat(relativeError(DenseChange.of(reduction.adapter()), DenseChange.of(twice)))
            .isLessThan(ROUNDING);
      }
    }

    @Test
    @DisplayName("keeps modules whose rank is small enough")
    void ofPatterns() {
      try (LoraAdapter adapter = patterned(1);
          RankReduction reduction = LoraAlgebra.reduceRank(adapter, 3)) {
        assertThat(reduction.adapter().modules())
            .extracting(LoraModule::rank)
            .containsExactly(3, 2);
        assertThat(reduction.moduleErrors().get(DOWN)).isZero();
        assertThat(
                relativeError(
                    DenseChange.of(reduction.adapter(), DOWN), DenseChange.of(adapter, DOWN)))
            .isLessThan(ROUNDING);
      }
    }

    @Test
    @DisplayName("of an adapter that changes nothing changes nothing, without an error")
    void ofZero() {
      try (LoraAdapter zero = zero(4);
          RankReduction reduction = LoraAlgebra.reduceRank(zero, 2)) {
        assertThat(DenseChange.norm(DenseChange.of(reduction.adapter()))).isZero();
        assertThat(reduction.error()).isZero();
        assertThat(reduction.relativeError()).isZero();
      }
    }

    @Test
    @DisplayName("to more than a module's own width fills up with zeros")
    void beyondTheWidth() {
      // given dW [40, 96] and [96, 40], whose rank is 40 at most, in matrices of rank 64
      try (LoraAdapter adapter = adapter(64, 16, false, 5);
          RankReduction reduction = LoraAlgebra.reduceRank(adapter, 48)) {
        assertThat(relativeError(DenseChange.of(reduction.adapter()), DenseChange.of(adapter)))
            .isLessThan(ROUNDING);
        assertThat(reduction.error()).isZero();
      }
    }
  }
}
