package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileFormatException;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the {@code config.json} beside an ONNX model says of the texts that it takes. None of it
 * need be there.
 *
 * @param window the most tokens that the model takes at once
 * @param padId the id of the padding token
 * @param vocabSize how many token ids there are
 */
record OnnxConfig(OptionalInt window, OptionalInt padId, OptionalInt vocabSize) {

  static final OnnxConfig UNKNOWN =
      new OnnxConfig(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

  /** Models that count positions from the one after the padding token's id. */
  private static final Set<String> OFFSET_POSITIONS =
      Set.of(
          "camembert",
          "data2vec-text",
          "ibert",
          "longformer",
          "mpnet",
          "roberta",
          "roberta-prelayernorm",
          "xlm-roberta",
          "xlm-roberta-xl");

  private static final int LARGEST = 1 << 24;

  /**
   * Reads and checks a {@code config.json}.
   *
   * @param json its content
   * @param where the file, for messages
   */
  static OnnxConfig parse(byte[] json, String where) {
    JsonNode root = JsonFiles.object(json, where);
    OptionalInt padId = number(root, "pad_token_id", 0, where);
    OptionalInt positions = number(root, "max_position_embeddings", 1, where);
    if (OFFSET_POSITIONS.contains(root.path("model_type").asText())) {
      positions = withoutOffset(positions, padId.orElse(1), where);
    }
    return new OnnxConfig(positions, padId, number(root, "vocab_size", 1, where));
  }

  private static OptionalInt withoutOffset(OptionalInt positions, int padId, String where) {
    if (positions.isEmpty()) {
      return positions;
    }
    int usable = positions.getAsInt() - padId - 1;
    if (usable < 1) {
      throw new FileFormatException(
          where
              + ": of max_position_embeddings "
              + positions.getAsInt()
              + " none is left above pad_token_id "
              + padId);
    }
    return OptionalInt.of(usable);
  }

  private static OptionalInt number(JsonNode root, String name, int least, String where) {
    JsonNode value = root.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return OptionalInt.empty();
    }
    if (!value.isInt() || value.intValue() < least || value.intValue() > LARGEST) {
      throw new FileFormatException(
          where
              + ": "
              + name
              + " must be a whole number from "
              + least
              + " to "
              + LARGEST
              + ", but is "
              + value);
    }
    return OptionalInt.of(value.intValue());
  }
}
