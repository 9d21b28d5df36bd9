package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What is wrong with a language model's directory, and what it is padded with. */
class CausalLmDirectoryTest {

  private TinyCausal qwen;
  private TinyCausal llama;

  @BeforeEach
  void copyModels(@TempDir Path parent) {
    qwen = new TinyCausal("tiny-qwen2", parent);
    llama = new TinyCausal("tiny-llama", parent);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.safetensors", "tokenizer.json"})
  void saysWhichFileIsMissing(String name) throws IOException {
    Files.delete(qwen.file(name));

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(qwen.directory().toString())
        .hasMessageContaining(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"})
  void saysWhichFileIsBroken(String name) throws IOException {
    Files.writeString(qwen.file(name), "this is neither JSON nor safetensors");

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(qwen.file(name).toString());
  }

  @Test
  void saysWhichOfSeveralFilesIsMissing() throws IOException {
    Files.delete(llama.file("model-00001-of-00002.safetensors"));

    assertThatThrownBy(() -> CausalLmEncoder.load(llama.directory()))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("model-00001-of-00002.safetensors");
  }

  @Test
  void refusesAnIndexThatLeadsOutOfTheDirectory() {
    llama.edit("model.safetensors.index.json", "\"model-00001", "\"../model-00001");

    assertThatThrownBy(() -> CausalLmEncoder.load(llama.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.safetensors.index.json")
        .hasMessageContaining("../model-00001-of-00002.safetensors");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 3, 28})
  void refusesALayerThatTheModelDoesNotHave(int layer) {
    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory(), layer))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("layer must be from 0 to 2")
        .hasMessageContaining("" + layer);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "`\"model_type\": \"llama\"`, `\"model_type\": \"gpt2\"`, model_type is gpt2",
        "`\"hidden_act\": \"silu\"`, `\"hidden_act\": \"gelu\"`, hidden_act is gelu",
        "`\"mlp_bias\": false`, `\"mlp_bias\": true`, mlp_bias is true",
        "`\"mlp_bias\": false`, `\"quantization_config\": {}`, quantization_config",
        "`\"attention_bias\": false`, `\"attention_bias\": 7`, attention_bias must be true or"
            + " false",
        "`\"rope_type\": \"llama3\"`, `\"rope_type\": \"yarn\"`, rope_scaling is",
        "`\"factor\": 4.0`, `\"factor\": 0.5`, rope_scaling.factor",
        "`\"low_freq_factor\": 1.0`, `\"low_freq_factor\": 4.0`, low_freq_factor must be less",
        "`\"rope_theta\": 500.0`, `\"rope_theta\": -1`, rope_theta",
        "`\"hidden_size\": 16`, `\"hidden_size\": -16`, hidden_size",
        "`\"num_key_value_heads\": 2`, `\"num_key_value_heads\": 3`, num_key_value_heads 3",
        "`\"head_dim\": 8`, `\"head_dim\": 7`, even",
        "`\"head_dim\": 8`, `\"head_dim\": 8000000`, at most 16777216",
        "`\"vocab_size\": `, `\"vocabulary\": `, vocab_size",
        "`1e-06`, `0`, rms_norm_eps"
      })
  void saysWhatOfTheConfigurationIsNotSupported(String from, String to, String said) {
    llama.edit("config.json", from, to);

    assertThatThrownBy(() -> CausalLmEncoder.load(llama.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(llama.file("config.json").toString())
        .hasMessageContaining(said);
  }

  @Test
  void saysWhichTensorIsMissing() {
    qwen.changeWeights(
        tensors -> {
          tensors.remove("model.layers.1.self_attn.k_proj.bias");
          return tensors;
        },
        TensorType.F32);

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("model.layers.1.self_attn.k_proj.bias");
  }

  @ParameterizedTest
  @CsvSource({
    "intermediate_size\": 24, intermediate_size\": 40, model.layers.0.mlp.gate_proj.weight",
    "num_key_value_heads\": 2, num_key_value_heads\": 4, model.layers.0.self_attn.k_proj.weight",
    "vocab_size\": 268, vocab_size\": 16000000, model.embed_tokens.weight"
  })
  void saysWhichTensorHasAnotherShape(String from, String to, String tensor) {
    qwen.edit("config.json", from, to);

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining(tensor);
  }

  @Test
  void refusesHalfPrecisionThatIsNotFinite(@TempDir Path parent) {
    TinyCausal qwen3 = new TinyCausal("tiny-qwen3", parent);
    qwen3.changeWeights(
        tensors -> {
          tensors.get("model.layers.0.mlp.up_proj.weight").putScalar(3, Float.POSITIVE_INFINITY);
          return tensors;
        },
        TensorType.F16);

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen3.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("layers.0.mlp.up_proj.weight")
        .hasMessageContaining("NaN or infinite");
  }

  @Test
  void padsWithWhatTransformersWouldPadWith() throws IOException {
    float[] pad = padding();
    qwen.edit("tokenizer_config.json", "\"<|pad|>\"", "{\"content\": \"<|end|>\"}");
    float[] end = padding();
    assertThat(end).isNotEqualTo(pad);

    // Without that file, what else there is: the first of two ends, which is the same token.
    Files.delete(qwen.file("tokenizer_config.json"));
    assertThat(padding()).isEqualTo(end);

    qwen.edit("config.json", "\"eos_token_id\"", "\"pad_token_id\": 267, \"eos_token_id\"");
    assertThat(padding()).isEqualTo(pad);

    qwen.edit(
        "tokenizer.json",
        "\"padding\": null",
        "\"padding\": {\"strategy\": \"BatchLongest\", \"direction\": \"Right\","
            + " \"pad_to_multiple_of\": null, \"pad_id\": 266, \"pad_type_id\": 0,"
            + " \"pad_token\": \"end\"}");
    assertThat(padding()).isEqualTo(end);
  }

  /** What the model makes of a padding token. */
  private float[] padding() {
    try (CausalLmEncoder encoder = CausalLmEncoder.load(qwen.directory(), 0);
        INDArray states = encoder.encode(List.of(""), 1, ProgressListener.NONE)) {
      return HostFloats.toArray(states);
    }
  }

  @Test
  void saysWhenNothingNamesThePadding() throws IOException {
    qwen.edit("tokenizer_config.json", "\"<|pad|>\"", "\"<|unheard-of|>\"");

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("<|unheard-of|>");

    Files.delete(qwen.file("tokenizer_config.json"));
    qwen.edit("config.json", "eos_token_id", "end");

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("names no padding token");
  }

  @Test
  void refusesAPaddingTokenThatTheModelDoesNotHave() throws IOException {
    Files.delete(qwen.file("tokenizer_config.json"));
    qwen.edit("config.json", "\"eos_token_id\"", "\"pad_token_id\": 268, \"eos_token_id\"");

    assertThatThrownBy(() -> CausalLmEncoder.load(qwen.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("268");
  }
}
