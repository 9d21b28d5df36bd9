package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.encoder.TuningStep;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A stage of an experiment")
class StageTest {

  @TempDir private Path folder;
  private final Messages messages = new Messages();

  /** Something that a stage comes to. */
  record Count(int value) {}

  /** Keeps what it hears. */
  private static final class Messages implements ExperimentListener {

    private final List<String> all = new ArrayList<>();

    @Override
    public void onMessage(String message) {
      all.add(message);
    }

    @Override
    public void onStep(TuningStep step) {
      throw new AssertionError("nothing is tuned here");
    }
  }

  @Test
  @DisplayName("is not run again where its result is")
  void skipped() {
    // given
    assertThat(run("a", 1)).isEqualTo(new Count(1));
    // when, then
    assertThat(run("a", 2)).isEqualTo(new Count(1));
    assertThat(messages.all).containsExactly("count", "count: done before");
  }

  @Test
  @DisplayName("is run again for other settings, without what it had made for the old ones")
  void otherSettings() throws IOException {
    // given
    run("a", 1);
    Files.writeString(Files.createDirectories(output()).resolve("old"), "old");
    // when, then
    assertThat(run("b", 2)).isEqualTo(new Count(2));
    assertThat(output()).doesNotExist();
  }

  @Test
  @DisplayName("finds what it had made before it was stopped")
  void stopped() throws IOException {
    // given an attempt that fails half way
    assertThatThrownBy(
            () ->
                stage("a")
                    .run(
                        Count.class,
                        messages,
                        () -> {
                          write(output().resolve("half"));
                          throw new IllegalStateException("stopped");
                        }))
        .hasMessage("stopped");
    assertThat(folder.resolve("count.json")).doesNotExist();
    // when
    Count result =
        stage("a")
            .run(
                Count.class,
                messages,
                () -> new Count(Files.exists(output().resolve("half")) ? 7 : 0));
    // then
    assertThat(result.value()).isEqualTo(7);
    assertThat(Files.readString(folder.resolve("count.json"))).contains(stage("a").hash());
  }

  @Test
  @DisplayName("says which file is broken")
  void broken() throws IOException {
    // given
    Files.writeString(folder.resolve("count.json"), "{\"sett");
    // when, then
    assertThatThrownBy(() -> run("a", 1))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("count.json")
        .hasMessageContaining("delete it");
  }

  private Count run(String setting, int value) {
    return stage(setting).run(Count.class, messages, () -> new Count(value));
  }

  private Stage stage(String setting) {
    return new Stage("count", folder.resolve("count.json"), List.of(setting), List.of(output()));
  }

  private Path output() {
    return folder.resolve("output");
  }

  private static void write(Path file) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, "half");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
