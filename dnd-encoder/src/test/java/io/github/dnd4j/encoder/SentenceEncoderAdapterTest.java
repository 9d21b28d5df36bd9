package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Encoders with an adapter")
class SentenceEncoderAdapterTest {

  private TuningGolden golden;
  private SentenceEncoder base;
  private LoraAdapter adapter;

  @BeforeEach
  void open(@TempDir Path directory) {
    TinyBert model = new TinyBert(directory);
    base = SentenceEncoder.load(model.directory());
    golden = new TuningGolden(model);
    adapter = golden.start();
  }

  @AfterEach
  void close() {
    adapter.close();
    golden.close();
    base.close();
  }

  private static INDArray encode(SentenceEncoder encoder) {
    return encoder.encode(TinyBert.TEXTS, 16, ProgressListener.NONE);
  }

  private static LoraAdapter adapterOf(String module, int in, int out, float value) {
    return new LoraAdapter(
        LoraConfig.of(1, 1, "tiny-bert", LoraConfig.FEATURE_EXTRACTION),
        Map.of(module, new LoraWeights(filled(value, 1, in), filled(value, out, 1))),
        Map.of());
  }

  private static INDArray filled(float value, long... shape) {
    INDArray tensor = HostFloats.uninitialized(shape);
    tensor.assign(value);
    return tensor;
  }

  @Test
  @DisplayName("give the hidden states that PyTorch gives with W + scale * B A")
  void statesOfPyTorch() {
    try (SentenceEncoder adapted = base.withAdapter(adapter);
        INDArray actual = encode(adapted);
        INDArray unadapted = encode(base);
        INDArray expected = golden.read("states")) {
      assertThat(Difference.largest(actual, expected)).isLessThan(1e-5f);
      assertThat(Difference.largest(unadapted, expected)).isGreaterThan(0.1f);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "encoder.layer.0.attention.self.query",
        "encoder.layer.0.attention.self.key",
        "encoder.layer.1.attention.self.value",
        "encoder.layer.1.attention.output.dense",
        "encoder.layer.0.intermediate.dense",
        "encoder.layer.1.output.dense"
      })
  @DisplayName("change in one module alone, and no other of query, key and value with it")
  void oneModule(String module) {
    // given the golden adapter, with a B of zeros in all modules but one
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    Map<String, LoraWeights> alone = new LinkedHashMap<>();
    adapter
        .modules()
        .forEach(
            m -> {
              LoraWeights pair = golden.pair("start", m.path());
              weights.put(m.path(), pair);
              if (m.path().equals(module)) {
                alone.put(module, golden.pair("start", module));
              } else {
                pair.b().assign(0);
              }
            });
    try (LoraAdapter others = new LoraAdapter(TuningGolden.config(), weights, Map.of());
        LoraAdapter only = new LoraAdapter(TuningGolden.config(), alone, Map.of());
        // when
        SentenceEncoder one = base.withAdapter(others);
        SentenceEncoder other = base.withAdapter(only);
        INDArray first = encode(one);
        INDArray second = encode(other);
        INDArray unadapted = encode(base)) {
      // then
      assertThat(Difference.largest(first, second)).isLessThan(1e-6f);
      assertThat(Difference.largest(first, unadapted)).isGreaterThan(1e-3f);
    }
  }

  @Test
  @DisplayName("take further adapters, which add up")
  void stacked() {
    try (LoraAdapter back = golden.start()) {
      back.modules().forEach(module -> back.weights(module.path()).b().negi());
      try (SentenceEncoder once = base.withAdapter(adapter);
          SentenceEncoder twice = once.withAdapter(back);
          INDArray expected = encode(base);
          INDArray changed = encode(once);
          INDArray actual = encode(twice)) {
        assertThat(Difference.largest(changed, expected)).isGreaterThan(1e-3f);
        assertThat(Difference.largest(actual, expected)).isLessThan(1e-5f);
      }
    }
  }

  @Test
  @DisplayName("outlive their base, their adapter and each other")
  void closedInAnyOrder() {
    SentenceEncoder first = base.withAdapter(adapter);
    SentenceEncoder second = first.withAdapter(adapter);
    SentenceEncoder third = base.withAdapter(adapter);
    adapter.close();

    base.close();
    first.close();

    try (second;
        third;
        INDArray states = encode(third);
        INDArray expected = golden.read("states");
        INDArray changed = encode(second)) {
      assertThat(Difference.largest(states, expected)).isLessThan(1e-5f);
      assertThat(Difference.largest(changed, expected)).isGreaterThan(1e-3f);
    }
  }

  @Test
  @DisplayName("leave the base as it was when they are closed, even twice")
  void closedBeforeTheBase() {
    try (INDArray before = encode(base)) {
      SentenceEncoder adapted = base.withAdapter(adapter);
      adapted.close();
      adapted.close();

      try (INDArray after = encode(base)) {
        assertThat(Difference.largest(after, before)).isZero();
      }
    }
  }

  @Test
  @DisplayName("cannot be used or made after closing")
  void useAfterClosing() {
    SentenceEncoder adapted = base.withAdapter(adapter);
    adapted.close();
    base.close();

    assertThatThrownBy(() -> encode(adapted))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("tiny-bert is closed");
    assertThatThrownBy(() -> adapted.embed(List.of("a bridge")))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> base.withAdapter(adapter))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @DisplayName("cannot be made of a closed adapter")
  void closedAdapter() {
    adapter.close();

    assertThatThrownBy(() -> base.withAdapter(adapter))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @DisplayName("have a spec that tells base and adapters apart")
  void spec() {
    try (LoraAdapter other = golden.start()) {
      other.weights("encoder.layer.1.output.dense").b().putScalar(0, 0, 0.25);
      try (SentenceEncoder one = base.withAdapter(adapter);
          SentenceEncoder same = base.withAdapter(adapter);
          SentenceEncoder changed = base.withAdapter(other);
          SentenceEncoder twice = one.withAdapter(other)) {
        assertThat(one.spec()).isEqualTo(same.spec());
        assertThat(one.spec().properties()).containsEntry("model", "tiny-bert");
        assertThat(
                List.of(
                    base.spec().require("sha256"),
                    one.spec().require("sha256"),
                    changed.spec().require("sha256"),
                    twice.spec().require("sha256")))
            .doesNotHaveDuplicates();
        assertThat(base.spec().properties()).doesNotContainKey("adapter");
        assertThat(twice.spec().require("adapter"))
            .isEqualTo(one.spec().require("adapter") + "," + changed.spec().require("adapter"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "encoder.layer.2.output.dense",
        "encoder.layer.0.attention.self.quarry",
        "encoder.layer.00.output.dense",
        "model.layers.0.self_attn.q_proj"
      })
  @DisplayName("cannot be made with a module that the encoder does not have")
  void unknownModule(String module) {
    try (LoraAdapter wrong = adapterOf(module, 24, 24, 1)) {
      assertThatThrownBy(() -> base.withAdapter(wrong))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(module)
          .hasMessageContaining("encoder.layer.1");
    }
  }

  @Test
  @DisplayName("cannot be made with a module of another shape")
  void otherShape() {
    try (LoraAdapter wrong = adapterOf("encoder.layer.1.intermediate.dense", 24, 48, 1)) {
      assertThatThrownBy(() -> base.withAdapter(wrong))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("encoder.layer.1.intermediate.dense")
          .hasMessageContaining("24 -> 48")
          .hasMessageContaining("24 -> 40");
    }
  }
}
