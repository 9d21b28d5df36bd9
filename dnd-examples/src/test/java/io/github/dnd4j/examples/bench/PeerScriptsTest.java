package io.github.dnd4j.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

  /** A Python that has a module or not, and then says something. */
  private PeerScripts python(boolean hasModule, String... says) throws IOException {
    Path python = folder.resolve("python");
    Files.writeString(
        python,
        String.join(
            "\n",
            "#!/bin/sh",
            "if [ \"$1\" = -c ]; then exit " + (hasModule ? 0 : 1) + "; fi",
            String.join("\n", says)));
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
    return new PeerScripts(python.toString(), Optional.of(folder));
  }

  private static PeerScripts.Result run(PeerScripts scripts) throws PeerScripts.Failure {
    return scripts.run("torch", "peer.py", List.of("a b", "3"));
  }

  @Test
  @DisplayName("get their arguments, and their last line is read")
  void result() throws Exception {
    // given
    PeerScripts scripts =
        python(
            true,
            "echo a warning >&2",
            "echo \"{\\\"version\\\": \\\"$#$4\\\", \\\"peakResidentBytes\\\": 5000000000,"
                + " \\\"runs\\\": [{\\\"seconds\\\": 3, \\\"stageSeconds\\\": [1, 2.5]},"
                + " {\\\"seconds\\\": 1.5, \\\"stageSeconds\\\": []}]}\"");
    // when
    PeerScripts.Result result = run(scripts);
    // then five arguments: -B, the script, two of the caller's, --json
    assertThat(result.version()).isEqualTo("53");
    assertThat(result.peakBytes()).hasValue(5_000_000_000L);
    assertThat(result.runs())
        .containsExactly(new Run(3, List.of(1.0, 2.5)), new Run(1.5, List.of()));
  }

  @Test
  @DisplayName("say in a few words why there is no result")
  void failures() throws Exception {
    assertFails(python(false), "not installed");
    assertFails(python(true, "echo Traceback", "echo out of memory", "exit 3"), "3: out of memory");
    assertFails(python(true, "echo hello"), "no JSON but: hello");
    assertFails(python(true, "echo '{\"runs\": []}'"), "measured nothing");
    assertFails(python(true, "true"), "measured nothing");
    assertFails(
        new PeerScripts(folder.resolve("nowhere").toString(), Optional.of(folder)), "set PYTHON");
    assertFails(new PeerScripts("python", Optional.empty()), "use bin/dnd");
    assertFails(new PeerScripts("python", Optional.of(folder.resolve("elsewhere"))), "use bin/dnd");
  }

  private static void assertFails(PeerScripts scripts, String message) {
    assertThatThrownBy(() -> run(scripts))
        .isInstanceOf(PeerScripts.Failure.class)
        .hasMessageContaining(message);
  }
}
