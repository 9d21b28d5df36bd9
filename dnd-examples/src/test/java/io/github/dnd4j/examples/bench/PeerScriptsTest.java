package io.github.dnd4j.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What stands for Python is a shell script, which is the same with and without PyTorch. */
@DisplayName("Scripts of other programs")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Python is a shell script here")
class PeerScriptsTest {

  @TempDir private Path folder;

  @BeforeEach
  void writeScript() throws IOException {
    Files.writeString(folder.resolve("peer.py"), "");
  }

  /** A Python that says something. */
  private PeerScripts python(String... says) throws IOException {
    Path python = folder.resolve("python");
    Files.writeString(python, String.join("\n", "#!/bin/sh", String.join("\n", says)));
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
    return new PeerScripts(python.toString(), Optional.of(folder), Duration.ofSeconds(20));
  }

  private static PeerScripts.Result run(PeerScripts scripts) throws PeerScripts.Failure {
    return scripts.run("peer.py", List.of("a b", "3"));
  }

  @Test
  @DisplayName("get their arguments, and their last line is read")
  void result() throws Exception {
    // given
    PeerScripts scripts =
        python(
            "echo a warning >&2",
            "echo \"{\\\"version\\\": \\\"$#$4\\\", \\\"peakResidentBytes\\\": 5000000000,"
                + " \\\"note\\\": \\\"4 at once\\\","
                + " \\\"runs\\\": [{\\\"seconds\\\": 3, \\\"stageSeconds\\\": [1, 2.5]},"
                + " {\\\"seconds\\\": 1.5, \\\"stageSeconds\\\": []}]}\"");
    // when
    PeerScripts.Result result = run(scripts);
    // then five arguments: -B, the script, two of the caller's, --json
    assertThat(result.version()).isEqualTo("53");
    assertThat(result.peakBytes()).hasValue(5_000_000_000L);
    assertThat(result.note()).isEqualTo("4 at once");
    assertThat(result.runs())
        .containsExactly(new Run(3, List.of(1.0, 2.5)), new Run(1.5, List.of()));
  }

  @Test
  @DisplayName("say in a few words why there is no result")
  void failures() throws Exception {
    assertFails(python("echo Traceback", "echo out of memory", "exit 3"), "3: out of memory");
    assertFails(python("echo hello"), "no JSON but: hello");
    assertFails(python("echo '{\"runs\": []}'"), "measured nothing");
    assertFails(python("true"), "measured nothing");
    assertFails(scripts(folder.resolve("nowhere").toString(), Optional.of(folder)), "set PYTHON");
    assertFails(scripts("python", Optional.empty()), "use bin/dnd");
    assertFails(scripts("python", Optional.of(folder.resolve("elsewhere"))), "use bin/dnd");
  }

  private static PeerScripts scripts(String python, Optional<Path> folder) {
    return new PeerScripts(python, folder, Duration.ofSeconds(20));
  }

  @Test
  @DisplayName("are stopped when their time is over, with all that they have started")
  void timeLimit() throws Exception {
    // given
    PeerScripts slow =
        new PeerScripts(
            python("sleep 30", "echo '{}'").python(), Optional.of(folder), Duration.ofSeconds(1));
    // when
    long start = System.nanoTime();
    assertFails(slow, "stopped after 1 s");
    // then
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
  }

  @Test
  @DisplayName("are preceded by one question after all modules")
  void modules() throws Exception {
    List<String> asked = List.of("torch", "onnxruntime");
    // the third argument is the first module: -c, the question, torch, onnxruntime
    assertThat(python("echo a warning >&2", "echo $3 other").installed(asked))
        .containsExactly("torch");
    assertThat(python("echo").installed(asked)).isEmpty();
    assertThatThrownBy(() -> python("echo broken", "exit 1").installed(asked))
        .isInstanceOf(PeerScripts.Failure.class)
        .hasMessageContaining("broken");
  }

  private static void assertFails(PeerScripts scripts, String message) {
    assertThatThrownBy(() -> run(scripts))
        .isInstanceOf(PeerScripts.Failure.class)
        .hasMessageContaining(message);
  }
}
