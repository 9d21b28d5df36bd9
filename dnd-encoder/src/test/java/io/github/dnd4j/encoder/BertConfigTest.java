package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The config.json of sentence encoders that people use. */
class BertConfigTest {

  /** With the entries that such files have beside those that matter. */
  private static String json(String type, int layers, int hidden, String further) {
    return """
    {
      "architectures": ["BertModel"],
      "attention_probs_dropout_prob": 0.1,
      "classifier_dropout": null,
      "hidden_act": "gelu",
      "hidden_dropout_prob": 0.1,
      "hidden_size": %d,
      "initializer_range": 0.02,
      "intermediate_size": %d,
      "layer_norm_eps": 1e-12,
      "max_position_embeddings": 512,
      "model_type": "%s",
      "num_attention_heads": 12,
      "num_hidden_layers": %d,
      "pad_token_id": 0,
      "type_vocab_size": 2,
      "use_cache": true,
      "vocab_size": 30522%s
    }
    """
        .formatted(hidden, 4 * hidden, type, layers, further);
  }

  private static BertConfig parse(String json) {
    return BertConfig.parse(json.getBytes(StandardCharsets.UTF_8), "a/config.json");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "all-MiniLM-L12-v2, 12, 384, `, \"position_embedding_type\": \"absolute\"`",
        "gte-small, 12, 384, `, \"torch_dtype\": \"float16\"`",
        "bge-small-en-v1.5, 12, 384, `, \"id2label\": {\"0\": \"LABEL_0\"}`",
        "bge-base-en-v1.5, 12, 768, `, \"gradient_checkpointing\": false`",
      })
  void takesTheSizesOfBertModels(String model, int layers, int hidden, String further) {
    BertConfig config = parse(json("bert", layers, hidden, further));

    assertThat(config)
        .as(model)
        .isEqualTo(new BertConfig(30522, hidden, layers, 12, 4 * hidden, 512, 2, 1e-12f));
    assertThat(config.headSize()).isEqualTo(hidden / 12);
  }

  @ParameterizedTest
  @CsvSource({"albert", "xlm-roberta-xl", "roberta-prelayernorm", "new"})
  void namesWhatIsSupportedInsteadOfAModelOfAnotherKind(String type) {
    assertThatThrownBy(() -> parse(json(type, 12, 768, "")))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("a/config.json")
        .hasMessageContaining("model_type is " + type)
        .hasMessageContaining("only bert, roberta, xlm-roberta, mpnet, distilbert is supported")
        .hasMessageContaining("all-MiniLM-L12-v2, gte-small, bge-small-en-v1.5, e5-small-v2");
  }

  /** Beside what {@link #json} has; entries that come last count. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "all-mpnet-base-v2, mpnet, `\"relative_attention_num_buckets\": 32`, 0",
        "all-distilroberta-v1, roberta, `\"type_vocab_size\": 1`, 1",
        "multilingual-e5-base, xlm-roberta, `\"type_vocab_size\": 1`, 1"
      })
  void countsPositionsFromThePaddingToken(
      String model, String type, String further, int typeVocabSize) {
    String entries =
        ", \"max_position_embeddings\": 514, \"pad_token_id\": 1, \"layer_norm_eps\": 1e-05, ";

    BertConfig config = parse(json(type, 12, 768, entries + further));

    assertThat(config.family().modelType()).as(model).isEqualTo(type);
    assertThat(config.typeVocabSize()).isEqualTo(typeVocabSize);
    assertThat(config.maxPositionEmbeddings()).isEqualTo(514);
    assertThat(config.window()).isEqualTo(512);
    assertThat(config.layerNormEps()).isEqualTo(1e-5f);
  }

  /** RoBERTa's padding is what config.json says; MPNet's is token 1 whatever it says. */
  @Test
  void takesThePaddingTokenOfRobertaOnly() {
    assertThat(parse(json("roberta", 12, 768, ", \"pad_token_id\": 7")).window()).isEqualTo(504);
    assertThat(parse(json("mpnet", 12, 768, ", \"pad_token_id\": 7")).window()).isEqualTo(510);
    assertThat(parse(json("bert", 12, 768, ", \"pad_token_id\": 7")).window()).isEqualTo(512);
  }

  @Test
  void takesTheSizesOfDistilBert() {
    String json =
        """
        {"model_type": "distilbert", "activation": "gelu", "dim": 768, "hidden_dim": 3072,
         "n_heads": 12, "n_layers": 6, "max_position_embeddings": 512, "vocab_size": 30522,
         "pad_token_id": 0, "sinusoidal_pos_embds": false, "tie_weights_": true}
        """;

    BertConfig config = parse(json);

    assertThat(config)
        .isEqualTo(
            new BertConfig(
                BertFamily.DISTILBERT,
                30522,
                768,
                6,
                12,
                3072,
                512,
                0,
                1e-12f,
                OptionalInt.empty()));
    assertThat(config.window()).isEqualTo(512);
  }

  @Test
  void theModelsOnTheClassPathHaveTheirOwnSizes() {
    assertThat(ClassPathModel.E5_SMALL_V2.config()).isEqualTo(parse(json("bert", 12, 384, "")));
    assertThat(ClassPathModel.ALL_MINILM_L6_V2.config()).isEqualTo(parse(json("bert", 6, 384, "")));
  }
}
