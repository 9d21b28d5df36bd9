package io.github.dnd4j.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaCppCommandTest {

  private static final Path BASE = Path.of("base.gguf");

  @TempDir private Path folder;

  @Test
  void anAdapterIsLoadedBesideTheModel() {
    assertThat(LlamaCppCommand.server(BASE).withAdapter(Path.of("a.gguf")).arguments())
        .containsExactly("llama-server", "-m", "base.gguf", "--lora", "a.gguf");
  }

  @Test
  void scalesAndSeveralAdaptersShareOneOptionEach() {
    LlamaCppCommand command =
        LlamaCppCommand.of("llama-cli", BASE)
            .withAdapter(Path.of("a.gguf"), 0.5)
            .withAdapter(Path.of("b.gguf"))
            .withAdapter(Path.of("c.gguf"), -1e-5)
            .withAdapter(Path.of("d.gguf"), 1)
            .withArguments("-p", "How are you?");
    assertThat(command.arguments())
        .containsExactly(
            "llama-cli",
            "-m",
            "base.gguf",
            "--lora",
            "b.gguf,d.gguf",
            "--lora-scaled",
            "a.gguf:0.5,c.gguf:-0.00001",
            "-p",
            "How are you?");
  }

  @Test
  void theTextIsQuotedForAShell() throws IOException, InterruptedException {
    // given
    LlamaCppCommand command =
        LlamaCppCommand.of("echo", Path.of("my models", "it's $HOME.gguf"))
            .withAdapter(Path.of("a.gguf"), 2)
            .withArguments("", "*", "`x`", "a\"b", "\\n");
    assertThat(command)
        .hasToString(
            "echo -m 'my models/it'\\''s $HOME.gguf' --lora-scaled a.gguf:2 '' '*' '`x`' 'a\"b'"
                + " '\\n'");
    // when a shell reads it
    Process shell =
        new ProcessBuilder("sh", "-c", "for i in " + command + "; do printf '%s\\0' \"$i\"; done")
            .start();
    String read = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // then it gets the arguments
    assertThat(shell.waitFor()).isZero();
    assertThat(read.substring(0, read.length() - 1).split("\0", -1))
        .containsExactlyElementsOf(command.arguments());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a,b.gguf", "a\"b.gguf", "a\nb.gguf"})
  void pathsThatLlamaCppWouldTakeApartAreRefused(String path) {
    assertThatThrownBy(() -> LlamaCppCommand.server(BASE).withAdapter(Path.of(path)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("rename");
  }

  @Test
  void aColonIsRefusedOnlyBesideAScale() {
    LlamaCppCommand command = LlamaCppCommand.server(BASE);
    Path colon = Path.of("a:b.gguf");
    assertThat(command.withAdapter(colon).arguments()).last().isEqualTo("a:b.gguf");
    assertThatThrownBy(() -> command.withAdapter(colon, 0.5))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("colon");
    assertThatThrownBy(() -> command.withAdapter(BASE, Double.NaN))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("finite");
  }

  @Test
  void filesThatAreThereHaveToBeGguf() throws IOException {
    // given
    Path model = Files.writeString(folder.resolve("base.gguf"), "GGUF...");
    Path adapter = Adapters.save(Adapters.plain(4), folder.resolve("a.gguf"));
    Path other = Files.writeString(folder.resolve("b.gguf"), "GGML");
    Path empty = Files.createFile(folder.resolve("c.gguf"));
    // then
    LlamaCppCommand command = LlamaCppCommand.server(model);
    assertThat(command.withAdapter(adapter).arguments())
        .containsExactly("llama-server", "-m", model.toString(), "--lora", adapter.toString());
    for (Path file : new Path[] {other, empty}) {
      assertThatThrownBy(() -> command.withAdapter(file))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining(file.toString());
      assertThatThrownBy(() -> LlamaCppCommand.server(file))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), "not a GGUF file");
    }
    assertThatThrownBy(() -> LlamaCppCommand.server(folder))
        .isInstanceOf(FileFormatException.class);
    assertThatThrownBy(() -> command.withAdapter(folder))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("directory", "dnd convert");
  }
}
