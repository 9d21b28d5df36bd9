package io.github.dnd4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads the prompts of a task, in the forms in which benchmarks are distributed:
 *
 * <ul>
 *   <li>{@code .txt}: one prompt a line; blank lines do not count,
 *   <li>{@code .json}: a list of strings, or of objects with {@code prompt} and, if they are
 *       labelled, {@code response}; other fields are ignored,
 *   <li>{@code .jsonl}: one such string or object a line.
 * </ul>
 *
 * <pre>{@code
 * List<String> prompts =
 *     PromptFile.read(Path.of("questions.json")).stream().map(PromptExample::prompt).toList();
 * }</pre>
 */
public final class PromptFile {

  private static final long LARGEST = 256L << 20;

  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build());

  /** For texts that hold one value and nothing after it. */
  private static final ObjectReader WHOLE =
      JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private PromptFile() {}

  /**
   * Reads a file of prompts. A {@code response} that is a text and not blank becomes the answer.
   *
   * @param file the file, in UTF-8, of at most 256 MiB; its ending says what it is
   * @return the prompts in the order of the file, at least one
   * @throws FileAccessException if it is missing or unreadable
   * @throws FileFormatException if its content is broken, too large or of no known kind; the
   *     message names the file and the entry
   */
  public static List<PromptExample> read(Path file) {
    List<PromptExample> examples =
        switch (ending(Checks.notNull(file, "file"))) {
          case "txt" -> read(file, PromptFile::lines);
          case "json" -> read(file, PromptFile::jsonList);
          case "jsonl" -> read(file, PromptFile::jsonLines);
          default ->
              throw new FileFormatException(
                  file + ": prompts come as .txt, .json or .jsonl files, by their ending");
        };
    if (examples.isEmpty()) {
      throw new FileFormatException(file + " holds no prompts");
    }
    return List.copyOf(examples);
  }

  private static String ending(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Reads one kind of file. */
  @FunctionalInterface
  private interface Kind {
    List<PromptExample> read(Path file, BufferedReader text) throws IOException;
  }

  private static List<PromptExample> read(Path file, Kind kind) {
    checkSize(file);
    try (BufferedReader text = Files.newBufferedReader(file)) {
      return kind.read(file, text);
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file + " is not UTF-8 text", e);
    } catch (JsonProcessingException e) {
      throw invalid(file.toString(), e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Only of a regular file the size is known before it is read. */
  private static void checkSize(Path file) {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new FileAccessException(file + " is no file: name the file of prompts itself");
      }
      long size = Files.size(file);
      if (size > LARGEST) {
        throw new FileFormatException(
            file + " has " + size + " bytes, more than the limit of " + LARGEST + ": split it");
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static FileAccessException unreadable(Path file, IOException e) {
    return new FileAccessException(
        "cannot read the prompts in " + file + ": " + e + ". Check the path", e);
  }

  private static FileFormatException invalid(String where, JsonProcessingException e) {
    return new FileFormatException(where + " is no valid JSON: " + e.getOriginalMessage(), e);
  }

  private static List<PromptExample> lines(Path file, BufferedReader text) throws IOException {
    List<PromptExample> examples = new ArrayList<>();
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      if (!line.isBlank()) {
        examples.add(PromptExample.of(line.strip()));
      }
    }
    return examples;
  }

  /** Entry by entry, so that only one of them is in memory as JSON. */
  private static List<PromptExample> jsonList(Path file, BufferedReader text) throws IOException {
    List<PromptExample> examples = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new FileFormatException(
            file + " must hold a JSON list of strings or of objects with \"prompt\"");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        JsonNode entry = JSON.readTree(parser);
        examples.add(example(entry, file + ", entry " + (examples.size() + 1)));
      }
      if (parser.nextToken() != null) {
        throw new FileFormatException(file + " goes on after the end of its JSON list");
      }
    }
    return examples;
  }

  private static List<PromptExample> jsonLines(Path file, BufferedReader text) throws IOException {
    List<PromptExample> examples = new ArrayList<>();
    int number = 0;
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      number++;
      if (!line.isBlank()) {
        String where = file + ", line " + number;
        examples.add(example(parse(line, where), where));
      }
    }
    return examples;
  }

  private static JsonNode parse(String json, String where) {
    try {
      return WHOLE.readTree(json);
    } catch (JsonProcessingException e) {
      throw invalid(where, e);
    }
  }

  private static PromptExample example(JsonNode entry, String where) {
    JsonNode prompt = entry.isObject() ? entry.path("prompt") : entry;
    if (!prompt.isTextual()) {
      throw new FileFormatException(
          where + " must be a string, or an object whose \"prompt\" is one");
    }
    JsonNode response = entry.path("response");
    return response.isTextual() && !response.textValue().isBlank()
        ? PromptExample.of(prompt.textValue(), response.textValue())
        : PromptExample.of(prompt.textValue());
  }
}
