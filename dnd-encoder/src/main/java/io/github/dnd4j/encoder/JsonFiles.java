package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;

/** Reads JSON that nobody has checked yet. */
final class JsonFiles {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonFiles() {}

  /**
   * A file's JSON object.
   *
   * @param json its content
   * @param where the file, for messages
   */
  static JsonNode object(byte[] json, String where) {
    try {
      JsonNode root = MAPPER.readTree(json);
      if (root.isObject()) {
        return root;
      }
    } catch (IOException e) {
      throw new FileFormatException(where + " is not valid JSON: " + e.getMessage(), e);
    }
    throw new FileFormatException(where + " must hold a JSON object");
  }
}
