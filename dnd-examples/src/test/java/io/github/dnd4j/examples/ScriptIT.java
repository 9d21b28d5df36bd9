package io.github.dnd4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
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
}
