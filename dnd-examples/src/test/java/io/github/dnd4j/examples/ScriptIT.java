package io.github.dnd4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The script bin/dnd")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "it is a Bash script")
class ScriptIT {

  private static final Path SCRIPT = Path.of("bin", "dnd").toAbsolutePath();

  @TempDir private Path elsewhere;

  private record Run(int exitCode, String output) {}

  private Run run(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = SCRIPT.toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process =
        new ProcessBuilder(command).directory(elsewhere.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }

  @Test
  @DisplayName("generates an adapter from any folder, with the backend it was built for")
  void generates() throws Exception {
    Run run =
        run(
            "generate",
            "--preset",
            "minilm-l6",
            "--untrained",
            "--prompts",
            Path.of("prompts", "science.txt").toAbsolutePath().toString(),
            "--out",
            "adapter");
    assertThat(run.exitCode()).as(run.output()).isZero();
    assertThat(elsewhere.resolve("adapter").resolve("adapter_config.json")).exists();
  }

  @Test
  @Tag("slow")
  @DisplayName("runs the quickstart with nothing but its name")
  void quickstart() throws Exception {
    Run run = run("quickstart");
    assertThat(run.exitCode()).as(run.output()).isZero();
    assertThat(run.output())
        .contains("before: bare encoder", "after: generated adapter", "control: unrelated prompts");
    assertThat(elsewhere.resolve("quickstart-adapter").resolve("adapter_config.json")).exists();
  }

  @Test
  @DisplayName("says how much memory is missing instead of dying")
  void outOfMemory() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            SCRIPT.toString(), "init", "--preset", "qwen2.5-0.5b", "--out", "d.safetensors");
    builder.environment().put("DND_JAVA_OPTS", "-Dorg.bytedeco.javacpp.maxphysicalbytes=2g");
    Process process = builder.directory(elsewhere.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(1);
    assertThat(output.strip().lines()).hasSize(1);
    assertThat(output).contains("4.15 GiB").contains("maxphysicalbytes");
    assertThat(elsewhere.resolve("d.safetensors")).doesNotExist();
  }

  @Test
  @Tag("slow")
  @DisplayName("trains on after kill -9 and after a polite stop, to the weights of an unbroken run")
  void killedTraining() throws Exception {
    // given
    TrainingFolder folder = TrainingFolder.in(elsewhere);
    int steps = 60;
    String unbroken = folder.config("unbroken", steps).toString();
    String broken = folder.config("broken", steps).toString();
    assertThat(startTraining(unbroken).waitFor()).isZero();
    // when it is killed between two checkpoints, and stopped later on
    Process killed = startTraining(broken);
    awaitStep(folder, 10);
    killed.destroyForcibly().waitFor();
    Process stopped = startTraining(broken);
    awaitStep(folder, 30);
    stopped.toHandle().destroy(); // Process.destroy() closes the streams too
    String said = new String(stopped.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    stopped.waitFor();
    Process rest = startTraining(broken);
    String restSaid = new String(rest.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // then
    assertThat(said).contains("resuming after step").contains("training was interrupted");
    assertThat(rest.waitFor()).as(restSaid).isZero();
    assertThat(restSaid).contains("resuming after step");
    assertThat(folder.resolve("broken/decoder.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("unbroken/decoder.safetensors"));
  }

  private Process startTraining(String config) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(SCRIPT.toString(), "train", "--config", config)
            .directory(elsewhere.toFile())
            .redirectErrorStream(true);
    builder.environment().put("OMP_NUM_THREADS", "1"); // its tensors are small
    return builder.start();
  }

  /** Waits until the history has a step: it is written as the run goes. */
  private static void awaitStep(TrainingFolder folder, int step) throws Exception {
    Path history = folder.resolve("broken-run/history.csv");
    for (int i = 0; i < 3000; i++) {
      if (Files.exists(history)
          && Files.readString(history).lines().anyMatch(line -> line.startsWith(step + ","))) {
        return;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("step " + step + " was not made within a minute");
  }
}
