package io.github.dnd4j.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;

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

/** What stands for Python is a shell script, which has PyTorch but no ONNX Runtime. */
@DisplayName("Peers of the encoder")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Python is a shell script here")
class PeersTest {

  @TempDir private Path folder;
  private PeerScripts scripts;

  /** Tells as its note what it was given: the third argument is the file of tokens. */
  @BeforeEach
  void writePython() throws IOException {
    Files.writeString(folder.resolve("encoder_pytorch.py"), "");
    Path python = folder.resolve("python");
    Files.writeString(
        python,
        """
        #!/bin/sh
        [ "$1" = -c ] && echo torch && exit
        given="$(tr '\\n' '/' < "$3") of $4, $6 runs"
        echo "{\\"runs\\": [{\\"seconds\\": 3}], \\"note\\": \\"$given\\"}"
        """);
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwx------"));
    scripts = new PeerScripts(python.toString(), Optional.of(folder), Duration.ofSeconds(20));
  }

  @Test
  @DisplayName("are given the tokens of the prompts without the padding, and those of full texts")
  void sameTokens() {
    // given
    BenchPlan plan = TinyPlan.of(8, 1);
    // when
    List<Measurement> measured =
        new Peers(plan, EncoderTexts.of(plan), scripts, 2)
            .tasks().stream()
                .filter(task -> task.what().endsWith("PyTorch"))
                .map(task -> task.measure().get())
                .toList();
    // then [CLS] a cat [SEP], [CLS] a dog [SEP], [CLS] 1 a cat a dog 2 [SEP]
    assertThat(measured)
        .extracting(Measurement::part)
        .containsExactly(Part.ENCODING, Part.ENCODING_FULL);
    assertThat(measured)
        .extracting(Measurement::note)
        .containsExactly(
            "the same tokens and mask, no tokenizer, random weights;"
                + " 101 1037 4937 102/101 1037 3899 102/ of 8, 1 runs",
            "the same tokens and mask, no tokenizer, random weights;"
                + " 101 1015 1037 4937 1037 3899 1016 102/ of 8, 1 runs");
  }
}
