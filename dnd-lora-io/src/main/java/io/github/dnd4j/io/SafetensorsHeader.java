package io.github.dnd4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The JSON header of a safetensors file, parsed and checked against the size of the data. */
final class SafetensorsHeader {

  static final String METADATA = "__metadata__";

  /** The header itself, a tensor, its shape: nothing lies deeper. */
  private static final int DEEPEST_NESTING = 3;

  /** ND4J has no arrays of more. */
  static final int MOST_DIMENSIONS = 32;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names that a file makes up would fill the JVM's own table of strings.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(DEEPEST_NESTING).build())
          .build();

  private record Entry(TensorInfo info, long begin, long end) {}

  private final Path path;
  private final JsonParser parser;
  private final int mostTensors;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new TreeMap<>();

  private SafetensorsHeader(Path path, JsonParser parser, int mostTensors) {
    this.path = path;
    this.parser = parser;
    this.mostTensors = mostTensors;
  }

  static SafetensorsHeader parse(Path path, byte[] json, long dataSize, int mostTensors) {
    try (JsonParser parser = JSON.createParser(json)) {
      SafetensorsHeader header = new SafetensorsHeader(path, parser, mostTensors);
      header.parseHeader();
      header.checkLayout(dataSize);
      return header;
    } catch (IOException e) {
      throw new FileFormatException(
          path + ": the safetensors header is broken JSON: " + messageOf(e), e);
    }
  }

  /** Jackson's own message without the excerpt of the source. */
  private static String messageOf(IOException e) {
    return e instanceof com.fasterxml.jackson.core.JsonProcessingException json
        ? json.getOriginalMessage()
        : e.toString();
  }

  Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  long offset(String name) {
    return entries.get(name).begin();
  }

  private void parseHeader() throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw broken("the header must be a JSON object");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw broken("'" + name + "' must be a JSON object");
      }
      if (name.equals(METADATA)) {
        parseMetadata();
      } else if (tensors.size() == mostTensors) {
        throw broken("the header lists more than " + mostTensors + " tensors");
      } else {
        Entry entry = parseTensor(name);
        entries.put(name, entry);
        tensors.put(name, entry.info());
      }
    }
    if (parser.nextToken() != null) {
      throw broken("something follows the header's JSON object");
    }
  }

  private void parseMetadata() throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw broken(METADATA + "." + key + " must be a text");
      }
      metadata.put(key, parser.getText());
    }
  }

  private Entry parseTensor(String name) throws IOException {
    TensorType type = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "dtype" -> type = parseType(name);
        case "shape" -> shape = parseNumbers(name, field, MOST_DIMENSIONS);
        case "data_offsets" -> offsets = parseNumbers(name, field, 2);
        default -> throw broken("tensor '" + name + "' has the unknown field '" + field + "'");
      }
    }
    if (type == null || shape == null || offsets == null || offsets.size() != 2) {
      throw broken("tensor '" + name + "' must have dtype, shape and data_offsets [begin, end]");
    }
    return checkedEntry(name, type, shape, offsets.get(0), offsets.get(1));
  }

  private Entry checkedEntry(String name, TensorType type, List<Long> shape, long begin, long end) {
    TensorInfo info;
    try {
      info = new TensorInfo(name, type, shape);
    } catch (FileFormatException e) {
      throw new FileFormatException(path + ": " + e.getMessage(), e);
    }
    if (begin > end || end - begin != info.bytes()) {
      throw broken(
          "tensor '"
              + name
              + "' of type "
              + type
              + " and shape "
              + shape
              + " takes "
              + info.bytes()
              + " bytes, but its data_offsets are ["
              + begin
              + ", "
              + end
              + "]");
    }
    return new Entry(info, begin, end);
  }

  private TensorType parseType(String name) throws IOException {
    String type = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : null;
    return TensorType.named(type)
        .orElseThrow(() -> broken("tensor '" + name + "' has the unknown dtype " + type));
  }

  private List<Long> parseNumbers(String name, String field, int most) throws IOException {
    List<Long> numbers = new ArrayList<>();
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw broken("tensor '" + name + "': " + field + " must be a list of whole numbers");
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || parser.getLongValue() < 0) {
        throw broken(
            "tensor '"
                + name
                + "': "
                + field
                + " must hold whole numbers from 0 to 2^63-1, but has "
                + parser.getText());
      }
      if (numbers.size() == most) {
        throw broken("tensor '" + name + "': " + field + " has more than " + most + " entries");
      }
      numbers.add(parser.getLongValue());
    }
    return numbers;
  }

  private void checkLayout(long dataSize) {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long at = 0;
    for (Entry entry : sorted) {
      if (entry.begin() != at) {
        throw broken(
            "tensor '"
                + entry.info().name()
                + "' begins at byte "
                + entry.begin()
                + " of the data, but the one before it ends at "
                + at
                + ": "
                + (entry.begin() < at ? "they overlap" : "there is a gap"));
      }
      if (entry.end() > dataSize) {
        throw broken(
            "tensor '"
                + entry.info().name()
                + "' ends at byte "
                + entry.end()
                + " of the data, but the file has only "
                + dataSize
                + ": it is cut off");
      }
      at = entry.end();
    }
    if (at != dataSize) {
      throw broken("the tensors end at byte " + at + " of the data, but the file has " + dataSize);
    }
  }

  private FileFormatException broken(String what) {
    return new FileFormatException(path + ": " + what);
  }
}
