package io.github.dnd4j.examples.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.DragAndDropException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Python scripts that do in other programs what DnD4J does: {@code dnd-examples/bench}. With {@code
 * --json} the last line that one prints is an object of {@code version}, {@code runs} (of {@code
 * seconds} and {@code stageSeconds}) and {@code peakResidentBytes}.
 *
 * @param python the Python that runs them
 * @param folder where they lie; empty if that is not known
 */
public record PeerScripts(String python, Optional<Path> folder) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** What a script came to. */
  record Result(String version, List<Run> runs, OptionalLong peakBytes) {}

  /** A script that could not be run, or failed; the message is short. */
  static final class Failure extends Exception {

    private static final long serialVersionUID = 1;

    Failure(String message, Throwable cause) {
      super(message, cause);
    }

    Failure(String message) {
      this(message, null);
    }
  }

  private record Ended(int exitCode, String lastLine) {}

  /** Runs a script that needs a Python module. */
  Result run(String module, String script, List<String> arguments) throws Failure {
    Path file = folder.map(path -> path.resolve(script)).orElse(null);
    if (file == null || !Files.isRegularFile(file)) {
      throw new Failure(
          "the folder dnd-examples/bench with " + script + " is not there: use bin/dnd");
    }
    if (start(List.of("-c", "import " + module)).exitCode != 0) {
      throw new Failure("not installed");
    }
    List<String> command = new ArrayList<>(List.of("-B", file.toString()));
    command.addAll(arguments);
    command.add("--json");
    Ended ended = start(command);
    if (ended.exitCode != 0) {
      throw new Failure("failed with the exit code " + ended.exitCode + ": " + ended.lastLine);
    }
    return parse(script, ended.lastLine);
  }

  private Ended start(List<String> arguments) throws Failure {
    List<String> command = new ArrayList<>(List.of(python));
    command.addAll(arguments);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new Failure("there is no Python at " + python + ": set PYTHON", e);
    }
    try {
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return new Ended(process.waitFor(), said.substring(said.lastIndexOf('\n') + 1));
    } catch (IOException e) {
      throw new Failure("its output could not be read: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DragAndDropException("measuring was interrupted", e);
    } finally {
      process.destroy();
    }
  }

  private static Result parse(String script, String line) throws Failure {
    try {
      JsonNode json = MAPPER.readTree(line);
      List<Run> runs = new ArrayList<>();
      for (JsonNode run : json.path("runs")) {
        List<Double> stages = new ArrayList<>();
        run.path("stageSeconds").forEach(stage -> stages.add(stage.asDouble()));
        runs.add(new Run(run.path("seconds").asDouble(), List.copyOf(stages)));
      }
      JsonNode peak = json.path("peakResidentBytes");
      if (!runs.isEmpty()) {
        return new Result(
            json.path("version").asText(),
            List.copyOf(runs),
            peak.isIntegralNumber() ? OptionalLong.of(peak.asLong()) : OptionalLong.empty());
      }
    } catch (JsonProcessingException e) {
      throw new Failure(script + " printed no JSON but: " + line, e);
    }
    throw new Failure(script + " measured nothing: " + line);
  }
}
