package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A file of prompts")
class PromptFileTest {

  @TempDir private Path folder;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private static List<String> prompts(Path file) {
    return PromptFile.read(file).stream().map(PromptExample::prompt).toList();
  }

  @Test
  @DisplayName("is one prompt a line as .txt, blank lines left out")
  void text() throws IOException {
    Path file = file("p.txt", "Why is the sky blue?\n\n  What is rust?  \r\nПочему?\n");
    assertThat(prompts(file)).containsExactly("Why is the sky blue?", "What is rust?", "Почему?");
  }

  @Test
  @DisplayName("is a list of strings or of objects with prompt as .json")
  void json() throws IOException {
    Path file =
        file("p.json", "[\"one\", {\"prompt\": \"two\\nlines\", \"response\": \"[A]\", \"x\": 1}]");
    assertThat(prompts(file)).containsExactly("one", "two\nlines");
  }

  @Test
  @DisplayName("is one string or object a line as .jsonl")
  void jsonLines() throws IOException {
    Path file = file("p.jsonl", "{\"prompt\": \"one\"}\n\n\"two\"\n");
    assertThat(prompts(file)).containsExactly("one", "two");
  }

  @Test
  @DisplayName("gives the answers that it has: texts under response that are not blank")
  void answers() throws IOException {
    // given
    Path file =
        file(
            "p.json",
            """
            [{"prompt": "one", "response": "[A]"}, {"prompt": "two", "response": " "},
             {"prompt": "three", "response": 4}, {"prompt": "four"}, "five"]\
            """);
    // when
    List<PromptExample> examples = PromptFile.read(file);
    // then
    assertThat(examples)
        .containsExactly(
            PromptExample.of("one", "[A]"),
            PromptExample.of("two"),
            PromptExample.of("three"),
            PromptExample.of("four"),
            PromptExample.of("five"));
  }

  @ParameterizedTest(name = "{0} with {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "p.json  | {\"prompt\": \"x\"}     | must hold a JSON list",
        "p.json  | [1]                     | entry 1 must be a string",
        "p.json  | [\"a\", {\"text\": 1}]  | entry 2 must be a string",
        "p.json  | [\"a                    | no valid JSON",
        "p.json  | [\"a\"] [\"b\"]           | goes on after the end",
        "p.json  | ''                      | must hold a JSON list",
        "p.jsonl | nonsense                | line 1 is no valid JSON",
        "p.jsonl | {\"prompt\":\"a\"} \"b\"   | line 1 is no valid JSON",
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

  @ParameterizedTest
  @ValueSource(strings = {"p.txt", "p.json", "p.jsonl"})
  @DisplayName("is refused when it is no UTF-8 text")
  void notText(String name) throws IOException {
    Path file = Files.write(folder.resolve(name), new byte[] {(byte) 0xC3, 0x28});
    assertThatThrownBy(() -> PromptFile.read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("not UTF-8");
  }

  @Test
  @DisplayName("is refused when it is larger than 256 MiB, before anything is read")
  void tooLarge() throws IOException {
    // given a file that has that size, but not its content
    Path file = folder.resolve("large.txt");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength((256L << 20) + 1);
    }
    // when, then
    assertThatThrownBy(() -> PromptFile.read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("large.txt")
        .hasMessageContaining("268435457 bytes");
  }

  @Test
  @DisplayName("is refused when it is a folder")
  void aFolder() throws IOException {
    Path file = Files.createDirectory(folder.resolve("p.txt"));
    assertThatThrownBy(() -> PromptFile.read(file))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("p.txt is no file");
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
