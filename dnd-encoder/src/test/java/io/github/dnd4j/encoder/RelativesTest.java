package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.Parts;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("MPNet, RoBERTa, XLM-RoBERTa and DistilBERT")
class RelativesTest {

  private static final float CLOSE = 2e-5f;

  @TempDir private Path folder;

  private static INDArray encode(PromptEncoder encoder, List<String> texts, int length) {
    return encoder.encode(texts, length, ProgressListener.NONE);
  }

  private static void assertGolden(Relative relative, TinyModel model, int length) {
    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory());
        INDArray expected = model.golden(length);
        INDArray actual = encode(encoder, relative.texts(), length)) {
      assertThat(actual.shape()).isEqualTo(expected.shape());
      assertThat(Difference.largest(actual, expected)).as("length %d", length).isLessThan(CLOSE);
    }
  }

  /** 8 tokens cut a text; two windows have one of nothing but padding among them. */
  @ParameterizedTest
  @EnumSource
  @DisplayName("give the hidden states that PyTorch gives, of tokens and of padding")
  void statesOfPyTorch(Relative relative) {
    TinyModel model = relative.copy(folder);

    assertGolden(relative, model, 8);
    assertGolden(relative, model, relative.window());
    assertGolden(relative, model, 2 * relative.window());
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("get the ids that their tokenizers' algorithms give")
  void ids(Relative relative) throws IOException {
    TinyModel model = relative.copy(folder);
    int length = relative.window();
    byte[] json = Files.readAllBytes(model.file("tokenizer.json"));
    try (TextTokenizer tokenizer = new TextTokenizer(json, "tokenizer.json", 1000);
        TensorFile golden = TensorFile.open(model.file("golden.safetensors"));
        INDArray expected = golden.read("ids" + length)) {
      float[] ids = HostFloats.toArray(expected);
      for (int i = 0; i < relative.texts().size(); i++) {
        int[] actual = tokenizer.encode(relative.texts().get(i), length).ids().array();
        for (int j = 0; j < length; j++) {
          assertThat(actual[j]).as("text %d, token %d", i, j).isEqualTo((int) ids[i * length + j]);
        }
      }
    }
  }

  @Test
  @DisplayName("begin and end texts with their own special tokens, and pad with them")
  void specialTokens() {
    try (SentenceEncoder mpnet = Relative.MPNET.open(folder);
        SentenceEncoder roberta = Relative.ROBERTA.open(folder)) {
      // <s> a bridge </s>; and <s>, three bytes, the two bytes of the accented letter, </s>
      assertThat(mpnet.tokenize(List.of("a bridge"), 8).get(0)).containsExactly(0, 16, 18, 2);
      assertThat(roberta.tokenize(List.of("caf\u00E9"), 8).get(0)).hasSize(7).startsWith(0);
      assertThat(roberta.tokenize(List.of("", "then"), 8).get(0)).containsExactly(0, 2);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("are read with a prefix before the tensors' names and without")
  void prefixes(Relative relative) {
    TinyModel model = relative.copy(folder);
    String prefix = relative.family().prefix();
    model.renameWeights(
        name -> name.startsWith(prefix) ? name.substring(prefix.length()) : prefix + name);

    assertGolden(relative, model, 8);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("are found by their model_type")
  void modelTypes(Relative relative) {
    TinyModel model = relative.copy(folder);
    try (PromptEncoder encoder = PromptEncoders.load(model.directory())) {
      assertThat(encoder).isInstanceOf(SentenceEncoder.class);
      assertThat(encoder.dimension()).isEqualTo(Relative.HIDDEN);
      assertThat(encoder.spec().type()).isEqualTo("sentence-encoder");
      assertThat(encoder.spec().require("model")).isEqualTo(relative.folder());
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("embed texts as the means of their tokens' states")
  void embeddings(Relative relative) {
    int length = relative.window();
    try (SentenceEncoder encoder = relative.open(folder);
        INDArray states = encode(encoder, relative.texts(), length);
        INDArray embeddings = encoder.embed(relative.texts())) {
      List<int[]> tokens = encoder.tokenize(relative.texts(), length);
      float[] all = HostFloats.toArray(states);
      float[] actual = HostFloats.toArray(embeddings);
      for (int i = 0; i < tokens.size(); i++) {
        int from = i * length * Relative.HIDDEN;
        float[] own = Arrays.copyOfRange(all, from, from + tokens.get(i).length * Relative.HIDDEN);
        assertThat(
                Difference.largest(
                    Arrays.copyOfRange(actual, i * Relative.HIDDEN, (i + 1) * Relative.HIDDEN),
                    normalizedMean(own)))
            .as("text %d", i)
            .isLessThan(2e-6f);
      }
    }
  }

  private static float[] normalizedMean(float[] states) {
    double[] sum = new double[Relative.HIDDEN];
    for (int i = 0; i < states.length; i++) {
      sum[i % sum.length] += states[i];
    }
    double norm = Math.sqrt(Arrays.stream(sum).map(x -> x * x).sum());
    float[] mean = new float[sum.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sum[i] / norm);
    }
    return mean;
  }

  @Test
  @DisplayName("have a fingerprint of all weights, MPNet's relative positions among them")
  void fingerprint() {
    TinyModel model = Relative.MPNET.copy(folder);
    String before;
    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory())) {
      before = encoder.spec().require("sha256");
    }
    model.changeWeights(
        tensors -> {
          INDArray bias = tensors.get("encoder.relative_attention_bias.weight");
          bias.putScalar(31, 1, bias.getFloat(31, 1) + 1e-3f);
          return tensors;
        },
        TensorType.F32);

    try (SentenceEncoder encoder = SentenceEncoder.load(model.directory())) {
      assertThat(encoder.spec().require("sha256")).hasSize(64).isNotEqualTo(before);
    }
  }

  @Test
  @DisplayName("are asked for when a saved generator needs them")
  void savedGenerators() {
    ComponentSpec spec;
    try (SentenceEncoder encoder = Relative.MPNET.open(folder)) {
      spec = encoder.spec();
    }

    assertThatThrownBy(() -> Parts.openEncoder(spec))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("tiny-mpnet")
        .hasMessageContaining("SentenceEncoder.load(directory)")
        .hasMessageContaining("DragAndDrop.load(path, encoder)");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "MPNET, `num_buckets\": 32`, `num_buckets\": 64`, relative_attention_num_buckets is 64",
        "MPNET, `_embeddings\": 102`, `_embeddings\": 2`, max_position_embeddings 2",
        "MPNET, `\"gelu\"`, `\"relu\"`, hidden_act is relu",
        "ROBERTA, `token_id\": 1`, `token_id\": -1`, pad_token_id",
        "ROBERTA, `token_id\": 1`, `token_id\": 21`, the padding token's id 21",
        "ROBERTA, `token_id\": 1`, `token_id\": 2147483647`, the padding token's id 2147483647",
        "ROBERTA, `\"type_vocab_size\": 1`, `\"types\": 1`, type_vocab_size",
        "XLM_ROBERTA, `\"absolute\"`, `\"relative_key\"`, position_embedding_type",
        "DISTILBERT, `\"n_heads\": 2`, `\"n_heads\": 3`, dim 16 is no multiple of n_heads 3",
        "DISTILBERT, `\"hidden_dim\": 24`, `\"intermediate_size\": 24`, hidden_dim",
        "DISTILBERT, `\"gelu\"`, `\"relu\"`, activation is relu"
      })
  @DisplayName("say what of their configuration is not supported")
  void unsupported(Relative relative, String from, String to, String named) {
    TinyModel model = relative.copy(folder).edit("config.json", from, to);

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(named);
  }

  @ParameterizedTest
  @CsvSource({
    "MPNET, encoder.relative_attention_bias.weight",
    "MPNET, encoder.layer.1.attention.attn.o.bias",
    "ROBERTA, roberta.embeddings.token_type_embeddings.weight",
    "DISTILBERT, distilbert.transformer.layer.1.sa_layer_norm.weight"
  })
  @DisplayName("say which tensor is missing, and of what")
  void missingTensors(Relative relative, String name) {
    TinyModel model = relative.copy(folder);
    model.changeWeights(
        tensors -> {
          assertThat(tensors.remove(name)).isNotNull();
          return tensors;
        },
        TensorType.F32);

    assertThatThrownBy(() -> SentenceEncoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.safetensors has no tensor '" + name)
        .hasMessageContaining("of model_type " + relative.family().modelType());
  }

  @Test
  @DisplayName("take RoBERTa's padding for granted where config.json does not name it")
  void paddingByDefault() {
    TinyModel model = Relative.ROBERTA.copy(folder);
    model.edit("config.json", "\"pad_token_id\": 1", "\"pad_token_id\": null");

    assertGolden(Relative.ROBERTA, model, 8);
  }
}
