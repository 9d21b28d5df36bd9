package io.github.dnd4j.examples.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Hashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/**
 * A part of an experiment whose result is a JSON file, written when the stage is done, with a hash
 * of the settings that it depends on. A stage whose result is there and has its hash is not run
 * again.
 *
 * <p>What a stage makes beside its result stays when it is stopped, for the next attempt to go on
 * from, but is deleted when the settings have changed: a file beside the result says for which
 * settings it was begun.
 *
 * @param name for people
 * @param result the file
 * @param settings everything that the result depends on
 * @param outputs what the stage makes beside its result
 */
record Stage(String name, Path result, List<String> settings, List<Path> outputs) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Stands for the settings in what depends on this stage. */
  String hash() {
    return Hashes.sha256(settings);
  }

  /** The stage's result, of which the work is done if it was not done before. */
  <T> T run(Class<T> type, ExperimentListener listener, Supplier<T> work) {
    if (Files.exists(result)) {
      JsonNode file = read();
      if (file.path("settings").asText().equals(hash())) {
        listener.onMessage(name + ": done before");
        return value(file, type);
      }
    }
    listener.onMessage(name);
    begin();
    T value = work.get();
    ObjectNode file = JSON.createObjectNode().put("stage", name).put("settings", hash());
    file.set("result", JSON.valueToTree(value));
    AtomicFiles.writeFile(result, temporary -> JSON.writeValue(temporary.toFile(), file));
    return value;
  }

  private JsonNode read() {
    try {
      return JSON.readTree(result.toFile());
    } catch (JsonProcessingException e) {
      throw broken(e);
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + result + ": " + e, e);
    }
  }

  private <T> T value(JsonNode file, Class<T> type) {
    try {
      T value = JSON.treeToValue(file.path("result"), type);
      if (value == null) {
        throw broken(null);
      }
      return value;
    } catch (JsonProcessingException e) {
      throw broken(e);
    }
  }

  private FileFormatException broken(JsonProcessingException cause) {
    return new FileFormatException(
        result + " is no result of an experiment's stage: delete it to run the stage again", cause);
  }

  /** Keeps what an earlier attempt of the same settings has made, and deletes all else. */
  private void begin() {
    Path begun = result.resolveSibling(result.getFileName() + ".begun");
    try {
      if (!Files.exists(begun) || !Files.readString(begun).equals(hash())) {
        Files.deleteIfExists(result);
        outputs.forEach(AtomicFiles::delete);
        AtomicFiles.writeFile(begun, temporary -> Files.writeString(temporary, hash()));
      }
    } catch (IOException e) {
      throw new FileAccessException("cannot begin " + name + " at " + begun + ": " + e, e);
    }
  }
}
