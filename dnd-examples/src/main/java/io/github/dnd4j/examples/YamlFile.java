package io.github.dnd4j.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads configurations: YAML files whose entries are written-like-this. */
final class YamlFile {

  private static final long LARGEST = 1 << 20;

  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private YamlFile() {}

  /** Reads a configuration; unknown entries are errors. */
  static <T> T read(Path file, Class<T> type) {
    try {
      if (Files.size(file) > LARGEST) {
        throw new FileFormatException(file + " is larger than 1 MiB: is it a configuration?");
      }
      T config = YAML.readValue(Files.readString(file), type);
      if (config == null) {
        throw new FileFormatException(file + " is empty");
      }
      return config;
    } catch (JsonMappingException e) {
      throw new FileFormatException(
          file + ", " + pathOf(e) + ": " + firstLine(e.getOriginalMessage()), e);
    } catch (JsonProcessingException e) {
      throw new FileFormatException(
          file + " is no valid YAML: " + firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new FileAccessException("cannot read the configuration " + file + ": " + e, e);
    }
  }

  private static String pathOf(JsonMappingException e) {
    String path =
        String.join(
            ".",
            e.getPath().stream()
                .map(part -> part.getFieldName() == null ? "[]" : part.getFieldName())
                .toList());
    return path.isEmpty() ? "top level" : path;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
