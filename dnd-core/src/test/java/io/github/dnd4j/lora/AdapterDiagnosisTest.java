package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.internal.HostFloats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A diagnosis")
class AdapterDiagnosisTest {

  private static final Offset<Double> ROUNDING = within(1e-12);
  private static final int LAYERS = 6;

  private static LoraConfig config(int rank, double alpha) {
    return LoraConfig.of(rank, alpha, "base", LoraConfig.CAUSAL_LM);
  }

  /** A and B of two rows and two columns, of one module. */
  private static LoraAdapter twoByTwo(double alpha, float[] a, float[] b) {
    LoraWeights weights =
        new LoraWeights(HostFloats.toTensor(a, 2, 2), HostFloats.toTensor(b, 2, 2));
    return new LoraAdapter(config(2, alpha), Map.of("layers.3.x", weights), Map.of());
  }

  /** Two kinds of module in six layers, each number of B as the factor says. */
  private static LoraAdapter layered(Map<String, Float> factors) {
    List<LoraModule> modules = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      modules.add(new LoraModule("m.layers." + layer + ".q_proj", 12, 8, 2));
      modules.add(new LoraModule("m.layers." + layer + ".o_proj", 8, 12, 2));
    }
    LoraAdapter adapter = TestAdapters.random(config(2, 4), modules, 1);
    factors.forEach(
        (path, factor) -> {
          var b = adapter.weights(path).b();
          b.muli(factor);
        });
    return adapter;
  }

  @Test
  @DisplayName("tells norms and the spectrum of dW, here of the singular values 6 and 2")
  void spectrum() {
    // given A = [0 1; 2 0], B = [3 0; 0 0.5] and the scale 2, so that dW = [0 6; 2 0]
    try (LoraAdapter adapter = twoByTwo(4, new float[] {0, 1, 2, 0}, new float[] {3, 0, 0, 0.5f})) {
      // when
      AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
      // then
      ModuleDiagnosis module = diagnosis.modules().get(0);
      assertThat(module.scale()).isEqualTo(2);
      assertThat(module.a().norm()).isCloseTo(Math.sqrt(5), ROUNDING);
      assertThat(module.b().norm()).isCloseTo(Math.sqrt(9.25), ROUNDING);
      assertThat(module.a().numbers()).isEqualTo(4);
      assertThat(module.singularValues().get(0)).isCloseTo(6, ROUNDING);
      assertThat(module.singularValues().get(1)).isCloseTo(2, ROUNDING);
      assertThat(module.norm()).isCloseTo(Math.sqrt(40), ROUNDING);
      assertThat(module.rootMeanSquare()).isCloseTo(Math.sqrt(10), ROUNDING);
      assertThat(module.stableRank()).isCloseTo(40.0 / 36, ROUNDING);
      assertThat(module.largestShare()).isCloseTo(0.75, ROUNDING);
      double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
      assertThat(module.effectiveRank()).isCloseTo(Math.exp(entropy), ROUNDING);
      assertThat(diagnosis.norm()).isEqualTo(module.norm());
      assertThat(diagnosis.isHealthy()).isTrue();
    }
  }

  @Test
  @DisplayName("agrees with the full matrices dW in double precision")
  void dense() {
    try (LoraAdapter adapter = layered(Map.of())) {
      AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
      double norm = DenseChange.norm(DenseChange.of(adapter));
      assertThat(diagnosis.norm()).isCloseTo(norm, within(1e-9 * norm));
      for (ModuleDiagnosis module : diagnosis.modules()) {
        double own = DenseChange.norm(DenseChange.of(adapter, module.module().path()));
        assertThat(module.norm()).isCloseTo(own, within(1e-9 * own));
      }
      assertThat(diagnosis.explodingModules()).isEmpty();
      assertThat(diagnosis.zeroModules()).isEmpty();
      assertThat(diagnosis.brokenMatrices()).isEmpty();
    }
  }

  @Test
  @DisplayName("counts NaN and infinite numbers and names their matrices")
  void broken() {
    // given
    float inf = Float.NEGATIVE_INFINITY;
    try (LoraAdapter adapter =
        twoByTwo(2, new float[] {3, Float.NaN, 4, inf}, new float[] {1, 2, 3, Float.NaN})) {
      // when
      AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
      // then
      assertThat(diagnosis.isBroken()).isTrue();
      assertThat(diagnosis.isHealthy()).isFalse();
      assertThat(diagnosis.doesNothing()).isFalse();
      assertThat(diagnosis.norm()).isNaN();
      assertThat(diagnosis.brokenMatrices())
          .containsExactly(
              new MatrixDiagnosis("layers.3.x.lora_A", 4, 1, 1, 5),
              new MatrixDiagnosis("layers.3.x.lora_B", 4, 1, 0, Math.sqrt(14)));
      ModuleDiagnosis module = diagnosis.modules().get(0);
      assertThat(module.singularValues()).isEmpty();
      assertThat(module.effectiveRank()).isNaN();
      assertThat(module.isZero()).isFalse();
    }
  }

  @Test
  @DisplayName("finds an adapter that does nothing, also where neither A nor B is zero")
  void zero() {
    // given B as PEFT initialises it; an A and a B of which each row meets a column of zeros; alpha
    // 0
    try (LoraAdapter untrained = twoByTwo(2, new float[] {1, 2, 3, 4}, new float[4]);
        LoraAdapter apart = twoByTwo(2, new float[] {1, 2, 0, 0}, new float[] {0, 0.1f, 0, 0.3f});
        LoraAdapter scaled = twoByTwo(0, new float[] {1, 2, 3, 4}, new float[] {1, 2, 3, 4})) {
      for (LoraAdapter adapter : List.of(untrained, apart, scaled)) {
        AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
        assertThat(diagnosis.doesNothing()).isTrue();
        assertThat(diagnosis.isHealthy()).isFalse();
        assertThat(diagnosis.isBroken()).isFalse();
        assertThat(diagnosis.zeroModules()).hasSize(1);
        assertThat(diagnosis.modules().get(0).effectiveRank()).isZero();
        assertThat(diagnosis.modules().get(0).largestShare()).isZero();
      }
      assertThat(AdapterDiagnosis.of(untrained).modules().get(0).b().isZero()).isTrue();
      assertThat(AdapterDiagnosis.of(apart).modules().get(0).b().isZero()).isFalse();
    }
  }

  @Test
  @DisplayName("takes an adapter with some modules that do nothing for healthy, and names them")
  void someZero() {
    try (LoraAdapter adapter = layered(Map.of("m.layers.2.q_proj", 0f))) {
      AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
      assertThat(diagnosis.isHealthy()).isTrue();
      assertThat(diagnosis.zeroModules())
          .extracting(module -> module.module().path())
          .containsExactly("m.layers.2.q_proj");
    }
  }

  @Test
  @DisplayName(
      "finds a module a hundred times as large as the others, not one three times as large")
  void exploding() {
    try (LoraAdapter adapter =
        layered(Map.of("m.layers.4.o_proj", 100f, "m.layers.1.q_proj", 3f))) {
      AdapterDiagnosis diagnosis = AdapterDiagnosis.of(adapter);
      assertThat(diagnosis.explodingModules())
          .extracting(module -> module.module().path())
          .containsExactly("m.layers.4.o_proj");
      assertThat(diagnosis.isHealthy()).isTrue();
    }
  }

  @Test
  @DisplayName("compares a module with its kind: some kinds are larger than others")
  void explodingOfItsKind() {
    // given one kind that is a thousand times as large in all layers, and one of its modules more
    Map<String, Float> factors = new LinkedHashMap<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      factors.put("m.layers." + layer + ".q_proj", layer == 5 ? 1e5f : 1e3f);
    }
    try (LoraAdapter adapter = layered(factors)) {
      assertThat(AdapterDiagnosis.of(adapter).explodingModules())
          .extracting(module -> module.module().path())
          .containsExactly("m.layers.5.q_proj");
    }
  }

  @Test
  @DisplayName("lists modules layer by layer, 9 before 10, whatever their order in the file")
  void order() {
    List<LoraModule> modules =
        List.of(
            new LoraModule("layers.10.v_proj", 4, 4, 1),
            new LoraModule("layers.9.v_proj", 4, 4, 1),
            new LoraModule("layers.9.q_proj", 4, 4, 1));
    try (LoraAdapter adapter = TestAdapters.random(config(1, 1), modules, 1)) {
      assertThat(AdapterDiagnosis.of(adapter).modules())
          .extracting(module -> module.module().path())
          .containsExactly("layers.9.q_proj", "layers.9.v_proj", "layers.10.v_proj");
    }
  }

  @Test
  @DisplayName("knows a module's layer and its kind by its path")
  void layersAndKinds() {
    LoraModule expert = new LoraModule("model.layers.12.mlp.experts.3.up_proj", 4, 4, 1);
    assertThat(expert.layer()).hasValue(12);
    assertThat(expert.kind()).isEqualTo("model.layers.*.mlp.experts.*.up_proj");
    LoraModule head = new LoraModule("lm_head", 4, 4, 1);
    assertThat(head.layer()).isEmpty();
    assertThat(head.kind()).isEqualTo("lm_head");
    assertThat(new LoraModule("a.1.2.b", 4, 4, 1).kind()).isEqualTo("a.*.*.b");
  }
}
