package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The geometry of adapters")
class LoraGeometryTest {

  private static final String X = "layers.0.x";
  private static final String Y = "layers.0.y";

  private static LoraAdapter adapter(int rank, boolean rankStabilized, long seed) {
    LoraConfig config =
        new LoraConfig(
            rank, 16, rankStabilized, 0, "base", LoraConfig.CAUSAL_LM, Map.of(), Map.of("y", 5.0));
    return TestAdapters.random(
        config, List.of(new LoraModule(X, 96, 40, rank), new LoraModule(Y, 40, 96, rank)), seed);
  }

  private static Offset<Double> relative(double expected) {
    return within(1e-9 * Math.abs(expected));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "8, 4", "64, 1", "64, 64"})
  @DisplayName("is that of the full matrices dW in double precision, whatever the ranks")
  void isThatOfDenseMatrices(int rank1, int rank2) {
    // given
    try (LoraAdapter first = adapter(rank1, false, 1);
        LoraAdapter second = adapter(rank2, true, 2)) {
      double[] dense1 = DenseChange.of(first);
      double[] dense2 = DenseChange.of(second);
      double norm = DenseChange.norm(dense1);
      double product = DenseChange.dot(dense1, dense2);
      double distance = DenseChange.distance(dense1, dense2);
      // then
      assertThat(LoraGeometry.norm(first)).isCloseTo(norm, relative(norm));
      assertThat(LoraGeometry.innerProduct(first, second)).isCloseTo(product, relative(product));
      assertThat(LoraGeometry.distance(first, second)).isCloseTo(distance, relative(distance));
      assertThat(LoraGeometry.cosine(first, second))
          .isCloseTo(product / (norm * DenseChange.norm(dense2)), within(1e-9));
      double normOfY = DenseChange.norm(DenseChange.of(first, Y));
      assertThat(LoraGeometry.moduleNorms(first)).containsOnlyKeys(X, Y);
      assertThat(LoraGeometry.moduleNorms(first).get(Y)).isCloseTo(normOfY, relative(normOfY));
    }
  }

  @Test
  @DisplayName("is told module by module too, and of every adapter with every other at once")
  void manyAtOnce() {
    // given
    try (LoraAdapter first = adapter(4, false, 1);
        LoraAdapter second = adapter(2, false, 2);
        LoraAdapter third = adapter(8, true, 3)) {
      // when
      double[][] products = LoraGeometry.innerProducts(List.of(first, second, third));
      // then
      double product = DenseChange.dot(DenseChange.of(third), DenseChange.of(first));
      assertThat(products[2][0]).isCloseTo(product, relative(product));
      assertThat(products[0][2]).isEqualTo(products[2][0]);
      double norm = DenseChange.norm(DenseChange.of(second));
      assertThat(products[1][1]).isCloseTo(norm * norm, relative(norm * norm));
      double[] ofY = DenseChange.of(first, Y);
      double[] otherOfY = DenseChange.of(second, Y);
      double productOfY = DenseChange.dot(ofY, otherOfY);
      double distanceOfY = DenseChange.distance(ofY, otherOfY);
      assertThat(LoraGeometry.moduleInnerProducts(first, second)).containsOnlyKeys(X, Y);
      assertThat(LoraGeometry.moduleInnerProducts(first, second).get(Y))
          .isCloseTo(productOfY, relative(productOfY));
      assertThat(LoraGeometry.moduleDistances(first, second)).containsOnlyKeys(X, Y);
      assertThat(LoraGeometry.moduleDistances(first, second).get(Y))
          .isCloseTo(distanceOfY, relative(distanceOfY));
    }
  }

  @Test
  @DisplayName("tells adapters apart that are almost the same")
  void nearEquals() {
    // given one that is a ten-millionth longer
    try (LoraAdapter adapter = adapter(8, false, 1)) {
      LoraConfig config = adapter.config();
      double factor = 1 + 1e-7;
      LoraConfig longer =
          new LoraConfig(
              8,
              16 * factor,
              false,
              0,
              "base",
              LoraConfig.CAUSAL_LM,
              config.rankPattern(),
              Map.of("y", 5 * factor));
      try (LoraAdapter other = TestAdapters.random(longer, adapter.modules(), 1)) {
        // then
        double expected = 1e-7 * LoraGeometry.norm(adapter);
        assertThat(LoraGeometry.distance(adapter, other))
            .isCloseTo(expected, within(1e-5 * expected));
        assertThat(LoraGeometry.cosine(adapter, other)).isCloseTo(1, within(1e-12));
      }
    }
  }

  @Test
  @DisplayName("does not depend on which matrices a change is made of")
  void sameChange() {
    // given the same dW by two pairs of matrices: twice the A, half the B
    LoraConfig config = LoraConfig.of(1, 1, "base", LoraConfig.CAUSAL_LM);
    try (LoraAdapter one = rankOne(config, new float[] {1, 2}, new float[] {3, 4});
        LoraAdapter same = rankOne(config, new float[] {2, 4}, new float[] {1.5f, 2});
        LoraAdapter opposite = LoraAlgebra.scale(one, -1)) {
      assertThat(LoraGeometry.distance(one, same)).isCloseTo(0, within(1e-14));
      assertThat(LoraGeometry.cosine(one, same)).isCloseTo(1, within(1e-14));
      assertThat(LoraGeometry.cosine(one, opposite)).isCloseTo(-1, within(1e-14));
    }
  }

  @Test
  @DisplayName("gives a module's singular values: |b| |a| of a rank 1, none but zeros of a zero")
  void spectrum() {
    // given |a| = 5, |b| = 13 and the scale 2
    LoraConfig config = LoraConfig.of(1, 2, "base", LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter = rankOne(config, new float[] {3, 4}, new float[] {5, 12});
        LoraAdapter zero = LoraAlgebra.scale(adapter, 0)) {
      assertThat(LoraGeometry.spectrum(adapter, X))
          .containsExactly(new double[] {130}, within(1e-12));
      assertThat(LoraGeometry.spectrum(zero, X)).containsExactly(0);
      assertThat(LoraGeometry.norm(zero)).isZero();
      assertThat(LoraGeometry.distance(zero, adapter)).isCloseTo(130, within(1e-12));
      assertThat(LoraGeometry.cosine(zero, adapter)).isNaN();
      assertThatThrownBy(() -> LoraGeometry.spectrum(adapter, "z"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("no module z");
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 8", "64, 40"})
  @DisplayName("gives as many singular values as dW can have, whose squares add up to its norm's")
  void spectrumAndNorm(int rank, int count) {
    try (LoraAdapter adapter = adapter(rank, false, 3)) {
      double[] spectrum = LoraGeometry.spectrum(adapter, X);
      double norm = DenseChange.norm(DenseChange.of(adapter, X));
      assertThat(spectrum).hasSize(count);
      assertThat(DenseChange.norm(spectrum)).isCloseTo(norm, relative(norm));
      for (int i = 1; i < count; i++) {
        assertThat(spectrum[i]).isLessThanOrEqualTo(spectrum[i - 1]);
      }
    }
  }

  @Test
  @DisplayName("finds the nearest of a set")
  void nearest() {
    try (LoraAdapter adapter = adapter(4, false, 1);
        LoraAdapter far = LoraAlgebra.scale(adapter, 3);
        LoraAdapter near = LoraAlgebra.scale(adapter, 1.25)) {
      // when
      List<LoraNeighbour> found = LoraGeometry.nearest(adapter, List.of(far, near, adapter));
      // then
      assertThat(found).extracting(LoraNeighbour::index).containsExactly(2, 1, 0);
      double norm = LoraGeometry.norm(adapter);
      assertThat(found.get(1).distance()).isCloseTo(norm / 4, within(1e-6 * norm));
    }
  }

  @Test
  @DisplayName("names the adapter and the module that cannot be compared")
  void mismatches() {
    LoraConfig config = LoraConfig.of(1, 1, "base", LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter = adapter(4, false, 1);
        LoraAdapter other = TestAdapters.random(config, List.of(new LoraModule(X, 96, 40, 1)), 1);
        LoraAdapter broken = rankOne(config, new float[] {Float.NaN}, new float[] {1})) {
      assertThatThrownBy(() -> LoraGeometry.nearest(adapter, List.of(adapter, other)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("candidate 2 of 2", Y);
      assertThatThrownBy(() -> LoraGeometry.nearest(adapter, List.of()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("no candidates");
      assertThatThrownBy(() -> LoraGeometry.cosine(other, adapter))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("the first adapter has no module " + Y);
      assertThatThrownBy(() -> LoraGeometry.norm(broken))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(X + ".lora_A", "NaN");
    }
  }

  private static LoraAdapter rankOne(LoraConfig config, float[] a, float[] b) {
    LoraWeights weights =
        new LoraWeights(HostFloats.toTensor(a, 1, a.length), HostFloats.toTensor(b, b.length, 1));
    return new LoraAdapter(config, Map.of(X, weights), Map.of());
  }
}
