package io.github.dnd4j.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads prompts: {@code .txt} (one a line; blank lines do not count), {@code .json} (a list of
 * strings, or of objects with {@code prompt}) and {@code .jsonl} (one string or object a line).
 */
final class PromptFile {

  private static final ObjectMapper JSON = new ObjectMapper();

  private PromptFile() {}

  /**
   * Reads a file of prompts.
   *
   * @param file the file; its ending says what it is
   * @return the prompts, at least one
   */
  static List<String> read(Path file) {
    List<String> prompts =
        switch (ending(file)) {
          case "txt" -> lines(file);
          case "json" -> jsonList(file);
          case "jsonl" -> jsonLines(file);
          default ->
              throw new FileFormatException(
                  file + ": prompts come as .txt, .json or .jsonl files, by their ending");
        };
    if (prompts.isEmpty()) {
      throw new FileFormatException(file + " holds no prompts");
    }
    return prompts;
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file + " is not UTF-8 text", e);
    } catch (IOException e) {
      throw new FileAccessException("cannot read the prompts in " + file + ": check the path", e);
    }
  }

  private static List<String> lines(Path file) {
    return text(file).lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }

  private static List<String> jsonList(Path file) {
    JsonNode root = parse(text(file), file.toString());
    if (!root.isArray()) {
      throw new FileFormatException(
          file + " must hold a JSON list of strings or of objects with \"prompt\"");
    }
    List<String> prompts = new ArrayList<>();
    for (JsonNode entry : root) {
      prompts.add(prompt(entry, file + ", entry " + (prompts.size() + 1)));
    }
    return prompts;
  }

  private static List<String> jsonLines(Path file) {
    List<String> prompts = new ArrayList<>();
    int number = 0;
    for (String line : (Iterable<String>) text(file).lines()::iterator) {
      number++;
      if (!line.isBlank()) {
        String where = file + ", line " + number;
        prompts.add(prompt(parse(line, where), where));
      }
    }
    return prompts;
  }

  private static JsonNode parse(String json, String where) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new FileFormatException(where + " is no valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static String prompt(JsonNode entry, String where) {
    JsonNode prompt = entry.isObject() ? entry.path("prompt") : entry;
    if (!prompt.isTextual()) {
      throw new FileFormatException(
          where + " must be a string, or an object whose \"prompt\" is one");
    }
    return prompt.textValue();
  }
}
