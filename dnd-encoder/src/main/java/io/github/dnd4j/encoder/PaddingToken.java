package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;
import java.util.Optional;

/**
 * What the texts of a language model are padded with. Its tokenizer.json seldom says so, as such a
 * model is mostly used without padding. So it is asked for, in this order: the {@code pad_token} of
 * tokenizer_config.json, if there is this file, which is what transformers goes by; the padding of
 * tokenizer.json; {@code pad_token_id} of config.json; and its {@code eos_token_id}, the usual
 * choice for models without a padding token.
 */
final class PaddingToken {

  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";

  private final EncoderDirectory directory;
  private final JsonNode tokenizer;
  private final JsonNode config;

  private PaddingToken(EncoderDirectory directory, JsonNode tokenizer, JsonNode config) {
    this.directory = directory;
    this.tokenizer = tokenizer;
    this.config = config;
  }

  /**
   * The padding token's id, which may still be none of the model's.
   *
   * @param directory of the model
   * @param tokenizer its tokenizer.json
   * @param config its config.json
   */
  static int id(EncoderDirectory directory, JsonNode tokenizer, JsonNode config) {
    return new PaddingToken(directory, tokenizer, config).id();
  }

  private int id() {
    Optional<String> named = named();
    if (named.isPresent()) {
      return idOf(named.get());
    }
    JsonNode end = config.path("eos_token_id");
    for (JsonNode id :
        new JsonNode[] {
          tokenizer.path("padding").path("pad_id"),
          config.path("pad_token_id"),
          end.isArray() ? end.path(0) : end
        }) {
      if (id.isInt()) {
        return id.intValue();
      }
    }
    throw new FileFormatException(
        directory.path()
            + " names no padding token: neither pad_token in "
            + TOKENIZER_CONFIG
            + ", nor padding.pad_id in tokenizer.json, nor pad_token_id or eos_token_id in"
            + " config.json");
  }

  private Optional<String> named() {
    if (!directory.has(TOKENIZER_CONFIG)) {
      return Optional.empty();
    }
    JsonNode root =
        JsonFiles.object(
            directory.read(TOKENIZER_CONFIG), directory.file(TOKENIZER_CONFIG).toString());
    JsonNode token = root.path("pad_token");
    return Optional.ofNullable((token.isObject() ? token.path("content") : token).textValue());
  }

  private int idOf(String content) {
    for (JsonNode token : tokenizer.path("added_tokens")) {
      if (token.path("content").asText().equals(content) && token.path("id").isInt()) {
        return token.path("id").intValue();
      }
    }
    JsonNode word = tokenizer.path("model").path("vocab").path(content);
    if (word.isInt()) {
      return word.intValue();
    }
    throw new FileFormatException(
        directory.file(TOKENIZER_CONFIG)
            + " names the padding token "
            + content
            + ", but tokenizer.json does not have it");
  }
}
