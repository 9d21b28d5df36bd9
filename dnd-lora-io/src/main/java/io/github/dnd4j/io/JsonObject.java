package io.github.dnd4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;

/** An object in a small JSON file that is not trusted. Errors name the file and the field. */
final class JsonObject {

  private static final int DEEPEST_NESTING = 16;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST_NESTING).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path file;
  private final String place;
  private final JsonNode node;

  private JsonObject(Path file, String place, JsonNode node) {
    this.file = file;
    this.place = place;
    this.node = node;
  }

  /** Reads a file that holds one object. */
  static JsonObject read(Path file, int largest) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(largest + 1);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + file + ": " + e + ". Check that the file exists and may be read", e);
    }
    if (bytes.length > largest) {
      throw new FileFormatException(file + " has more than " + largest + " bytes");
    }
    try {
      JsonNode root = MAPPER.readTree(bytes);
      if (root == null || !root.isObject()) {
        throw new FileFormatException(file + " must hold a JSON object");
      }
      return new JsonObject(file, "", root);
    } catch (JsonProcessingException e) {
      throw new FileFormatException(file + " is broken JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new FileFormatException(file + " is broken JSON: " + e, e);
    }
  }

  static ObjectNode create() {
    return MAPPER.createObjectNode();
  }

  /** What stands for an optional object that is missing. */
  static JsonObject empty() {
    return new JsonObject(Path.of(""), "", create());
  }

  /** An object's text, indented, with the same bytes on every system. */
  static byte[] format(ObjectNode object) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
    try {
      return (MAPPER.writer(printer).writeValueAsString(object) + "\n")
          .getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean has(String field) {
    return node.hasNonNull(field);
  }

  String text(String field) {
    return find(field, JsonNode::isTextual, "a text").textValue();
  }

  int integer(String field) {
    return find(field, JsonObject::isInteger, "a whole number below 2^31").intValue();
  }

  private static boolean isInteger(JsonNode value) {
    return value.isIntegralNumber() && value.canConvertToInt();
  }

  double number(String field) {
    return find(field, JsonNode::isNumber, "a number").doubleValue();
  }

  boolean flag(String field) {
    return find(field, JsonNode::isBoolean, "true or false").booleanValue();
  }

  /** Whether an optional flag is there and set. */
  boolean isSet(String field) {
    return has(field) && flag(field);
  }

  JsonObject object(String field) {
    return new JsonObject(file, path(field), find(field, JsonNode::isObject, "an object"));
  }

  List<JsonObject> objects(String field) {
    JsonNode array = find(field, JsonNode::isArray, "a list of objects");
    List<JsonObject> objects = new ArrayList<>();
    for (JsonNode element : array) {
      JsonObject object = new JsonObject(file, path(field) + "[" + objects.size() + "]", element);
      if (!element.isObject()) {
        throw object.broken("must be an object");
      }
      objects.add(object);
    }
    return objects;
  }

  float[] floats(String field) {
    JsonNode array = find(field, JsonNode::isArray, "a list of numbers");
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      if (!array.get(i).isNumber()) {
        throw new FileFormatException(
            file + ": " + path(field) + "[" + i + "] must be a number, but is " + array.get(i));
      }
      values[i] = array.get(i).floatValue();
    }
    return values;
  }

  /** On one line, since many numbers of a line each would hide the rest of a file from people. */
  static void putFloats(ObjectNode object, String field, float[] values) {
    object.putRawValue(field, new RawValue(Arrays.toString(values)));
  }

  Map<String, String> texts() {
    return values(this::text);
  }

  Map<String, Integer> integers() {
    return values(this::integer);
  }

  Map<String, Double> numbers() {
    return values(this::number);
  }

  private <T> Map<String, T> values(Function<String, T> read) {
    Map<String, T> values = new TreeMap<>();
    node.fieldNames().forEachRemaining(name -> values.put(name, read.apply(name)));
    return values;
  }

  /** A field's content as it stands in the file, for messages. */
  String raw(String field) {
    return String.valueOf(node.get(field));
  }

  boolean isEmptyContainer(String field) {
    return node.path(field).isContainerNode() && node.path(field).isEmpty();
  }

  private JsonNode find(String field, Predicate<JsonNode> test, String what) {
    JsonNode value = node.get(field);
    if (value == null) {
      throw new FileFormatException(file + ": the field '" + path(field) + "' is missing");
    }
    if (!test.test(value)) {
      throw new FileFormatException(
          file + ": the field '" + path(field) + "' must be " + what + ", but is " + value);
    }
    return value;
  }

  private String path(String field) {
    return place.isEmpty() ? field : place + "." + field;
  }

  FileFormatException broken(String what) {
    return new FileFormatException(file + ": " + (place.isEmpty() ? "" : place + " ") + what);
  }
}
