package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** T5 encoders in directories, as transformers saves them. */
class T5EncoderDirectoryTest {

  private static final String QUERY = "encoder.block.1.layer.0.SelfAttention.q.weight";

  private TinyT5 model;
  private TinyT5 gated;

  @BeforeEach
  void copyModels(@TempDir Path directory) {
    model = new TinyT5(directory, TinyT5.RELU);
    gated = new TinyT5(directory, TinyT5.GATED);
  }

  /** 8 tokens cut two of the texts, 40 have distances beyond the last bucket. */
  @ParameterizedTest
  @ValueSource(ints = {8, 16, 40})
  void givesTheHiddenStatesThatPyTorchGives(int length) {
    assertThat(differenceFromGolden(model, length)).isLessThan(2e-5f);
    assertThat(differenceFromGolden(gated, length)).isLessThan(2e-5f);
  }

  private static float differenceFromGolden(TinyModel model, int length) {
    try (INDArray expected = model.golden(length);
        T5Encoder encoder = T5Encoder.load(model.directory());
        INDArray actual = encoder.encode(TinyT5.TEXTS, length, ProgressListener.NONE)) {
      assertThat(actual.shape()).isEqualTo(expected.shape());
      return Difference.largest(actual, expected);
    }
  }

  @Test
  void readsTheEmbeddingUnderItsOtherName() {
    model.renameWeights(name -> name.replace("shared.", "encoder.embed_tokens."));

    assertThat(differenceFromGolden(model, 16)).isLessThan(2e-5f);
  }

  @ParameterizedTest
  @CsvSource({"F16, 5e-2", "BF16, 4e-1"})
  void readsHalfPrecision(TensorType type, float most) {
    model.changeWeights(tensors -> tensors, type);

    assertThat(differenceFromGolden(model, 16)).isBetween(1e-5f, most);
  }

  @Test
  void readsWeightsInSeveralFiles() throws IOException {
    split(model);

    assertThat(differenceFromGolden(model, 16)).isLessThan(2e-5f);
  }

  /** The encoder's first layer in one file and all else in another. */
  private static void split(TinyModel model) throws IOException {
    Map<String, Map<String, INDArray>> files = new TreeMap<>();
    StringBuilder index = new StringBuilder();
    model.changeWeights(
        tensors -> {
          tensors.forEach(
              (name, tensor) -> {
                String file =
                    name.contains("block.0.")
                        ? "model-00001-of-00002.safetensors"
                        : "model-00002-of-00002.safetensors";
                files.computeIfAbsent(file, key -> new LinkedHashMap<>()).put(name, tensor);
                index.append(index.length() == 0 ? "" : ",");
                index.append('"').append(name).append("\":\"").append(file).append('"');
              });
          return tensors;
        },
        TensorType.F32);
    files.forEach(
        (file, tensors) ->
            SafetensorsWriter.write(model.file(file), tensors, TensorType.F32, Map.of()));
    Files.delete(model.file("model.safetensors"));
    Files.writeString(
        model.file("model.safetensors.index.json"), "{\"weight_map\":{" + index + "}}");
  }

  @Test
  void knowsMultilingualT5AsWell() {
    gated.edit("config.json", "\"t5\"", "\"mt5\"");

    assertThat(differenceFromGolden(gated, 16)).isLessThan(2e-5f);
  }

  @Test
  void namesTheModelAndFingerprintsItsWeights() {
    String before;
    try (T5Encoder encoder = T5Encoder.load(model.directory())) {
      assertThat(encoder.dimension()).isEqualTo(24);
      assertThat(encoder.spec().type()).isEqualTo("t5-encoder");
      assertThat(encoder.spec().properties())
          .containsOnlyKeys("model", "dimension", "sha256")
          .containsEntry("model", "tiny-t5")
          .containsEntry("dimension", "24");
      before = encoder.spec().require("sha256");
    }
    assertThat(before).hasSize(64);

    model.changeWeights(
        tensors -> {
          INDArray query = tensors.get(QUERY);
          query.putScalar(3, query.getFloat(3) + 1e-3f);
          return tensors;
        },
        TensorType.F32);

    try (T5Encoder encoder = T5Encoder.load(model.directory())) {
      assertThat(encoder.spec().require("sha256")).hasSize(64).isNotEqualTo(before);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors"})
  void saysWhichFileIsMissing(String name) throws IOException {
    Files.delete(model.file(name));

    assertThatThrownBy(() -> T5Encoder.load(model.directory()))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(model.directory().toString())
        .hasMessageContaining(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json"})
  void saysWhichFileIsBroken(String name) throws IOException {
    Files.writeString(model.file(name), "this is neither JSON nor safetensors");

    assertThatThrownBy(() -> T5Encoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(model.file(name).toString());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`\"t5\"`, `\"bert\"`, model_type is bert",
        "`\"relu\"`, `\"gated-silu\"`, feed_forward_proj is gated-silu",
        "`\"d_model\": 24`, `\"d_model\": -24`, d_model",
        "`\"d_kv\": `, `\"kv\": `, d_kv must be a whole number",
        "`\"num_heads\": 3`, `\"num_heads\": 16777216`, num_heads 16777216 times d_kv",
        "`num_buckets\": 8`, `num_buckets\": 3`, relative_attention_num_buckets",
        "`max_distance\": 20`, `max_distance\": 2`, relative_attention_max_distance",
        "`1e-06`, `0`, layer_norm_epsilon"
      })
  void saysWhatOfTheConfigurationIsNotSupported(String from, String to, String named) {
    model.edit("config.json", from, to);

    assertThatThrownBy(() -> T5Encoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(named);
  }

  @Test
  void saysWhichTensorIsMissing() {
    model.changeWeights(
        tensors -> {
          tensors.remove(QUERY);
          return tensors;
        },
        TensorType.F32);

    assertThatThrownBy(() -> T5Encoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining(QUERY);
  }

  @Test
  void saysWhichTensorHasAnotherShape() {
    model.edit("config.json", "\"d_ff\": 40", "\"d_ff\": 48");

    assertThatThrownBy(() -> T5Encoder.load(model.directory()))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("encoder.block.0.layer.1.DenseReluDense.wi.weight")
        .hasMessageContaining("[48, 24]")
        .hasMessageContaining("[40, 24]");
  }

  @Test
  void rejectsATokenizerOfALargerModel() throws IOException {
    model.edit("config.json", "\"vocab_size\": 32", "\"vocab_size\": 24");
    model.changeWeights(
        tensors -> {
          INDArray fewer = HostFloats.toTensor(new float[24 * 24], 24, 24);
          tensors.put("shared.weight", fewer);
          return tensors;
        },
        TensorType.F32);

    try (T5Encoder encoder = T5Encoder.load(model.directory())) {
      assertThatThrownBy(() -> encoder.encode(TinyT5.TEXTS, 16, ProgressListener.NONE))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("tokenizer.json")
          .hasMessageContaining("24");
    }
  }
}
