package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Encoders in directories, as sentence-transformers and transformers save them. */
class SentenceEncoderDirectoryTest {

  private TinyBert model;

  @BeforeEach
  void copyModel(@TempDir Path directory) {
    model = new TinyBert(directory);
  }

  /** 8 tokens cut two of the texts, 16 are the window, 32 are two windows, one all padding. */
  @ParameterizedTest
  @ValueSource(ints = {8, 16, 32})
  void givesTheHiddenStatesThatPyTorchGives(int length) {
    try (INDArray expected = model.golden(length)) {
      assertThat(differenceFrom(expected)).isLessThan(2e-5f);
    }
  }

  private float differenceFrom(INDArray expected) {
    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory());
        INDArray actual =
            encoder.encode(TinyBert.TEXTS, (int) expected.size(1), ProgressListener.NONE)) {
      assertThat(actual.shape()).isEqualTo(expected.shape());
      return Difference.largest(actual, expected);
    }
  }

  @Test
  void readsWeightsBelowAPrefix() {
    model.renameWeights(name -> "bert." + name);

    try (INDArray expected = model.golden(16)) {
      assertThat(differenceFrom(expected)).isLessThan(2e-5f);
    }
  }

  @Test
  void readsLayerNormsUnderTheirNamesOfOld() {
    model.renameWeights(
        name ->
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta"));

    try (INDArray expected = model.golden(16)) {
      assertThat(differenceFrom(expected)).isLessThan(2e-5f);
    }
  }

  @Test
  void readsHalfPrecision() {
    model.changeWeights(tensors -> tensors, TensorType.F16);

    try (INDArray expected = model.golden(16)) {
      assertThat(differenceFrom(expected)).isBetween(1e-5f, 5e-2f);
    }
  }

  @Test
  void ignoresPoolerAndPositionIds() {
    model.changeWeights(
        tensors -> {
          tensors.remove("pooler.dense.weight");
          tensors.remove("pooler.dense.bias");
          tensors.put("embeddings.position_ids", Nd4j.arange(16).reshape(1, 16));
          return tensors;
        },
        TensorType.F32);

    try (INDArray expected = model.golden(16)) {
      assertThat(differenceFrom(expected)).isLessThan(2e-5f);
    }
  }

  @Test
  void namesTheModelAndFingerprintsItsWeights() {
    String before;
    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory())) {
      assertThat(encoder.dimension()).isEqualTo(TinyBert.HIDDEN);
      assertThat(encoder.spec().type()).isEqualTo("sentence-encoder");
      assertThat(encoder.spec().properties())
          .containsEntry("model", "tiny-bert")
          .containsEntry("dimension", "24");
      before = encoder.spec().require("sha256");
    }
    assertThat(before).hasSize(64);

    model.changeWeights(
        tensors -> {
          INDArray bias = tensors.get("encoder.layer.1.output.dense.bias");
          bias.putScalar(3, bias.getFloat(3) + 1e-3f);
          return tensors;
        },
        TensorType.F32);

    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory())) {
      assertThat(encoder.spec().require("sha256")).hasSize(64).isNotEqualTo(before);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json"})
  void saysWhichFileIsMissing(String name) throws IOException {
    Files.delete(model.file(name));

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(model.file(name).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json"})
  void saysWhichFileIsBroken(String name) throws IOException {
    Files.writeString(model.file(name), "this is neither JSON nor safetensors");

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(model.file(name).toString());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`\"model_type\": \"bert\"`, `\"model_type\": \"albert\"`, model_type is albert",
        "`\"hidden_act\": \"gelu\"`, `\"hidden_act\": \"relu\"`, hidden_act",
        "`\"absolute\"`, `\"relative_key\"`, position_embedding_type",
        "`\"hidden_size\": 24`, `\"hidden_size\": -24`, hidden_size",
        "`\"num_attention_heads\": 3`, `\"num_attention_heads\": 5`, num_attention_heads",
        "`\"vocab_size\": `, `\"vocabulary\": `, vocab_size",
        "`1e-12`, `0`, layer_norm_eps"
      })
  void saysWhatOfTheConfigurationIsNotSupported(String from, String to, String named) {
    model.edit("config.json", from, to);

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(named);
  }

  @Test
  void saysWhichTensorIsMissing() {
    model.changeWeights(
        tensors -> {
          tensors.remove("encoder.layer.1.attention.self.key.weight");
          return tensors;
        },
        TensorType.F32);

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("encoder.layer.1.attention.self.key.weight");
  }

  @Test
  void saysWhichTensorHasAnotherShape() {
    model.edit("config.json", "\"intermediate_size\": 40", "\"intermediate_size\": 48");

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("encoder.layer.0.intermediate.dense.weight")
        .hasMessageContaining("[48, 24]")
        .hasMessageContaining("[40, 24]");
  }

  @Test
  void rejectsATokenizerOfAnotherModel() {
    model.edit("tokenizer.json", "\"mill\": 12", "\"mill\": 30000");

    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory())) {
      assertThatThrownBy(() -> encoder.encode(TinyBert.TEXTS, 16, ProgressListener.NONE))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("tokenizer.json")
          .hasMessageContaining("30000");
    }
  }
}
