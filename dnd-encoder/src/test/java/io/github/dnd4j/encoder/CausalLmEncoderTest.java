package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Language models as encoders. */
class CausalLmEncoderTest {

  /** States are as large as 24, and a BLAS adds in an order that depends on the CPU. */
  private static final float CLOSE = 4e-5f;

  @TempDir private Path parent;

  /**
   * Between the two lengths one cuts a text or pads all, and both have a text of nothing but
   * padding, unless the tokenizer puts something before it.
   */
  @ParameterizedTest
  @CsvSource({
    "tiny-qwen2, 0, 8",
    "tiny-qwen2, 2, 8",
    "tiny-qwen2, 2, 48",
    "tiny-llama, 0, 48",
    "tiny-llama, 2, 8",
    "tiny-llama, 2, 48",
    "tiny-qwen3, 0, 8",
    "tiny-qwen3, 2, 48",
  })
  void givesTheHiddenStatesThatPyTorchGives(String name, int layer, int length) {
    TinyCausal model = new TinyCausal(name, parent);

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), layer);
        INDArray expected = model.golden(layer, length);
        INDArray actual = encode(encoder, length)) {
      assertThat(actual.shape()).containsExactly(4, length, TinyCausal.HIDDEN);
      assertThat(Difference.largest(actual, expected)).isLessThan(CLOSE);
    }
  }

  private static INDArray encode(CausalLmEncoder encoder, int length) {
    return encoder.encode(TinyCausal.TEXTS, length, ProgressListener.NONE);
  }

  @Test
  void knowsPositionsThatAreScaledLinearly() {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    model.edit("config.json", "\"llama3\"", "\"linear\"");

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), 2);
        INDArray expected = model.golden("linear-", 2, 48);
        INDArray actual = encode(encoder, 48)) {
      assertThat(Difference.largest(actual, expected)).isLessThan(CLOSE);
    }
  }

  /** As transformers 5 writes config.json. */
  @Test
  void knowsRopeParameters() {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    model.edit("config.json", "\"rope_theta\": 500.0,", "");
    model.edit("config.json", "\"rope_scaling\": {", "\"rope_parameters\": {\"rope_theta\": 500,");

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), 2);
        INDArray expected = model.golden(2, 48);
        INDArray actual = encode(encoder, 48)) {
      assertThat(Difference.largest(actual, expected)).isLessThan(CLOSE);
    }
  }

  /** A model saved without its head has no "model." before its names. */
  @Test
  void readsTheWeightsOfABaseModel() {
    TinyCausal model = new TinyCausal("tiny-qwen2", parent);
    model.renameWeights(name -> name.replace("model.", ""));

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), 2);
        INDArray expected = model.golden(2, 8);
        INDArray actual = encode(encoder, 8)) {
      assertThat(Difference.largest(actual, expected)).isLessThan(CLOSE);
    }
  }

  @ParameterizedTest
  @CsvSource({"tiny-qwen2", "tiny-llama", "tiny-qwen3"})
  void givesTheSameWithoutABlas(String name) {
    TinyCausal model = new TinyCausal(name, parent);
    CausalLmConfig config = config(model);
    List<Window> batch =
        List.of(
            window(3, 5, 7, 11, 13, 17), window(90, 80, 70, 60, 50, 40), window(0, 0, 0, 1, 2, 3));

    try (ShardedSafetensors source = ShardedSafetensors.open(model.directory());
        CausalLmModel causal = new CausalLmModel(config, CausalLmWeights.read(config, 3, source));
        WindowEncoding.Pass blas = causal.pass(3, 6);
        WindowEncoding.Pass operations = causal.pass(3, 6, false)) {
      assertThat(Difference.largest(operations.run(batch), blas.run(batch))).isLessThan(1e-5f);
    }
  }

  private static CausalLmConfig config(TinyCausal model) {
    EncoderDirectory files = new EncoderDirectory(model.directory(), "");
    return CausalLmConfig.parse(files.read("config.json"), "config.json");
  }

  private static Window window(int... ids) {
    return new Window(IntBuffer.wrap(ids), 4);
  }

  @Test
  void givesATextTheSameInWhateverBatch() {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      many.add("the river " + i);
    }
    many.add(TinyCausal.TEXTS.get(0));

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), 2);
        INDArray alone =
            encoder.encode(List.of(TinyCausal.TEXTS.get(0)), 48, ProgressListener.NONE);
        INDArray among = encoder.encode(many, 48, ProgressListener.NONE)) {
      float[] all = HostFloats.toArray(among);
      int size = 48 * TinyCausal.HIDDEN;

      assertThat(
              Difference.largest(
                  Arrays.copyOfRange(all, 70 * size, 71 * size), HostFloats.toArray(alone)))
          .isLessThan(CLOSE);
    }
  }

  /** Beyond the 2048 rows that the feed-forward part takes at once. */
  @Test
  void encodesVeryLongTexts() {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    model.edit(
        "config.json", "\"max_position_embeddings\": 64", "\"max_position_embeddings\": 4096");

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), 2);
        INDArray shorter = encode(encoder, 48);
        INDArray longer = encode(encoder, 2100)) {
      float[] expected = HostFloats.toArray(shorter);
      float[] all = HostFloats.toArray(longer);

      assertThat(Difference.largest(Arrays.copyOf(all, 768), Arrays.copyOf(expected, 768)))
          .isLessThan(1e-5f);
      for (float value : all) {
        assertThat(Float.isFinite(value)).isTrue();
      }
    }
  }

  @Test
  void namesTheModelTheLayerAndTheWeightsUpToIt() {
    TinyCausal model = new TinyCausal("tiny-qwen2", parent);
    String before;
    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory())) {
      assertThat(encoder.dimension()).isEqualTo(TinyCausal.HIDDEN);
      assertThat(encoder.spec().type()).isEqualTo("causal-lm-encoder");
      assertThat(encoder.spec().properties())
          .containsOnlyKeys("model", "layer", "dimension", "sha256")
          .containsEntry("model", "tiny-qwen2")
          .containsEntry("layer", "1")
          .containsEntry("dimension", "16");
      before = encoder.spec().require("sha256");
    }
    assertThat(before).hasSize(64);

    change(model, "model.layers.2.mlp.up_proj.weight");
    assertThat(sha256(model)).isEqualTo(before);

    change(model, "model.layers.1.mlp.up_proj.weight");
    assertThat(sha256(model)).isNotEqualTo(before);
  }

  private static void change(TinyCausal model, String name) {
    model.changeWeights(
        tensors -> {
          tensors.get(name).putScalar(5, 0.125f);
          return tensors;
        },
        TensorType.F32);
  }

  private static String sha256(TinyCausal model) {
    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory())) {
      return encoder.spec().require("sha256");
    }
  }

  /** Half of a large download is enough for the layer in the middle. */
  @Test
  void needsOnlyTheFilesOfTheLayersThatItUses() throws Exception {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    Files.delete(model.file("model-00002-of-00002.safetensors"));

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory(), 0);
        INDArray expected = model.golden(0, 8);
        INDArray actual = encode(encoder, 8)) {
      assertThat(Difference.largest(actual, expected)).isLessThan(CLOSE);
    }
  }

  @Test
  void refusesTextsBeyondTheWindow() {
    TinyCausal model = new TinyCausal("tiny-qwen2", parent);
    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory())) {
      assertThatThrownBy(() -> encode(encoder, 65))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("at most 64, the window of tiny-qwen2, but is 65");
      assertThatThrownBy(() -> encode(encoder, 0)).isInstanceOf(InvalidInputException.class);
    }

    model.edit("config.json", "\"use_sliding_window\": false", "\"use_sliding_window\": true");

    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory())) {
      assertThatThrownBy(() -> encode(encoder, 33))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("at most 32");
    }
  }

  @Test
  void refusesToEncodeNothing() {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory())) {
      assertThatThrownBy(() -> encoder.encode(List.of(), 8, ProgressListener.NONE))
          .isInstanceOf(InvalidInputException.class);
      assertThatThrownBy(
              () -> encoder.encode(Collections.singletonList(null), 8, ProgressListener.NONE))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("prompts[0]");
    }
  }

  @Test
  void stopsWhenInterrupted() {
    TinyCausal model = new TinyCausal("tiny-llama", parent);
    try (CausalLmEncoder encoder = CausalLmEncoder.load(model.directory())) {
      Thread.currentThread().interrupt();
      try {
        assertThatThrownBy(() -> encode(encoder, 8))
            .isInstanceOf(DragAndDropException.class)
            .hasMessageContaining("interrupted");
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
    }
  }

  @Test
  void saysWhenItIsClosed() {
    CausalLmEncoder encoder =
        CausalLmEncoder.load(new TinyCausal("tiny-llama", parent).directory());
    encoder.close();
    encoder.close();

    assertThatThrownBy(() -> encode(encoder, 8))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("tiny-llama is closed");
    assertThatThrownBy(encoder::spec).isInstanceOf(DragAndDropException.class);
  }
}
