package io.github.dnd4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A file of prompts")
class PromptFileTest {

  @TempDir private Path folder;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  @DisplayName("is one prompt a line as .txt, blank lines left out")
  void text() throws IOException {
    Path file = file("p.txt", "Why is the sky blue?\n\n  What is rust?  \r\nПочему?\n");
    assertThat(PromptFile.read(file))
        .containsExactly("Why is the sky blue?", "What is rust?", "Почему?");
  }

  @Test
  @DisplayName("is a list of strings or of objects with prompt as .json")
  void json() throws IOException {
    Path file =
        file("p.json", "[\"one\", {\"prompt\": \"two\\nlines\", \"response\": \"[A]\", \"x\": 1}]");
    assertThat(PromptFile.read(file)).containsExactly("one", "two\nlines");
  }

  @Test
  @DisplayName("is one string or object a line as .jsonl")
  void jsonLines() throws IOException {
    Path file = file("p.jsonl", "{\"prompt\": \"one\"}\n\n\"two\"\n");
    assertThat(PromptFile.read(file)).containsExactly("one", "two");
  }

  @ParameterizedTest(name = "{0} with {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "p.json  | {\"prompt\": \"x\"}     | must hold a JSON list",
        "p.json  | [1]                     | entry 1 must be a string",
        "p.json  | [\"a\", {\"text\": 1}]  | entry 2 must be a string",
        "p.json  | [\"a                    | no valid JSON",
        "p.jsonl | nonsense                | line 1 is no valid JSON",
        "p.txt   | ' '                     | holds no prompts",
        "p.json  | []                      | holds no prompts",
        "p.csv   | a                       | .txt, .json or .jsonl",
      })
  @DisplayName("is refused with its name and what is wrong")
  void refused(String name, String content, String message) throws IOException {
    Path file = file(name, content);
    assertThatThrownBy(() -> PromptFile.read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(message);
  }

  @Test
  @DisplayName("is refused when it is no UTF-8 text")
  void notText() throws IOException {
    Path file = Files.write(folder.resolve("p.txt"), new byte[] {(byte) 0xC3, 0x28});
    assertThatThrownBy(() -> PromptFile.read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("not UTF-8");
  }

  @Test
  @DisplayName("is refused when it is not there")
  void missing() {
    Path file = folder.resolve("none.txt");
    assertThatThrownBy(() -> PromptFile.read(file))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("none.txt");
  }
}
