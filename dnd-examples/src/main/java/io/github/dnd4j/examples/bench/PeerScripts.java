package io.github.dnd4j.examples.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.DragAndDropException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * Python scripts that do in other programs what DnD4J does: {@code dnd-examples/bench}. With {@code
 * --json} the last line that one prints is an object of {@code version}, {@code runs} (of {@code
 * seconds} and {@code stageSeconds}), {@code peakResidentBytes} and, as they like, {@code note}.
 *
 * @param python the Python that runs them
 * @param folder where they lie; empty if that is not known
 * @param limit how long one may run before it is stopped
 */
public record PeerScripts(String python, Optional<Path> folder, Duration limit) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Prints those of its arguments that are modules, without importing them. */
  private static final String PROBE =
      "import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if u.find_spec(m)])";

  /**
   * What a script came to.
   *
   * @param version of the program
   * @param runs the first one, which is cold, and those after it
   * @param peakBytes the most memory that was resident; empty if it does not tell
   * @param note on how it was done; may be empty
   */
  record Result(String version, List<Run> runs, OptionalLong peakBytes, String note) {}

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

  /** Which of some Python modules are there. */
  Set<String> installed(List<String> modules) throws Failure {
    List<String> command = new ArrayList<>(List.of("-c", PROBE));
    command.addAll(modules);
    Ended ended = start(command);
    if (ended.exitCode != 0) {
      throw new Failure(python + " does not work: " + ended.lastLine);
    }
    Set<String> installed = new TreeSet<>(List.of(ended.lastLine.split(" ")));
    installed.retainAll(modules);
    return installed;
  }

  /** Runs a script that measures something. */
  Result run(String script, List<String> arguments) throws Failure {
    return parse(script, ask(script, arguments));
  }

  /** Runs a script, and gives the object that its last line is. */
  JsonNode ask(String script, List<String> arguments) throws Failure {
    List<String> command = new ArrayList<>(List.of("-B", find(script).toString()));
    command.addAll(arguments);
    command.add("--json");
    Ended ended = start(command);
    if (ended.exitCode != 0) {
      throw new Failure("failed with the exit code " + ended.exitCode + ": " + ended.lastLine);
    }
    try {
      return MAPPER.readTree(ended.lastLine);
    } catch (JsonProcessingException e) {
      throw new Failure(script + " printed no JSON but: " + ended.lastLine, e);
    }
  }

  /** Where a script lies. */
  Path find(String script) throws Failure {
    Path file = folder.map(path -> path.resolve(script)).orElse(null);
    if (file == null || !Files.isRegularFile(file)) {
      throw new Failure(
          "the folder dnd-examples/bench with " + script + " is not there: use bin/dnd");
    }
    return file;
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
      return awaited(process);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private Ended awaited(Process process) throws Failure {
    CompletableFuture<byte[]> output = CompletableFuture.supplyAsync(() -> outputOf(process));
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new Failure(
            "stopped after " + limit.toSeconds() + " s: --peer-timeout gives it longer");
      }
      String said = new String(output.join(), StandardCharsets.UTF_8).strip();
      return new Ended(process.exitValue(), said.substring(said.lastIndexOf('\n') + 1));
    } catch (CompletionException e) {
      throw new Failure("its output could not be read: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DragAndDropException("measuring was interrupted", e);
    }
  }

  private static byte[] outputOf(Process process) {
    try {
      return process.getInputStream().readAllBytes();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private static Result parse(String script, JsonNode json) throws Failure {
    List<Run> runs = new ArrayList<>();
    for (JsonNode run : json.path("runs")) {
      List<Double> stages = new ArrayList<>();
      run.path("stageSeconds").forEach(stage -> stages.add(stage.asDouble()));
      runs.add(new Run(run.path("seconds").asDouble(), List.copyOf(stages)));
    }
    if (runs.isEmpty()) {
      throw new Failure(script + " measured nothing: " + json);
    }
    JsonNode peak = json.path("peakResidentBytes");
    return new Result(
        json.path("version").asText(),
        List.copyOf(runs),
        peak.isIntegralNumber() ? OptionalLong.of(peak.asLong()) : OptionalLong.empty(),
        json.path("note").asText());
  }
}
