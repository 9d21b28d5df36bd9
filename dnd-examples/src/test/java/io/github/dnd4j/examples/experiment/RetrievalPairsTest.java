package io.github.dnd4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.encoder.TextPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Questions and answers of a benchmark's file")
class RetrievalPairsTest {

  @TempDir private Path folder;

  @Test
  @DisplayName("of multiple choice are the question without options and the right option's text")
  void multipleChoice() throws IOException {
    // given options with letters, with numbers, and with a sentence that asks for a letter
    RetrievalPairs read =
        read(
            entry("What is ice?\\nA: wood\\nB:  frozen water \\nC: glass", "[B]"),
            entry("What do fungi eat?\\n1: sunlight\\n2: dead organisms", "[2]"),
            entry(
                "Fog is likely around:\\nA: a marsh\\nB: a desert.\\n"
                    + "Please answer the question choosing from [A]/[B]/[C]/[D].",
                "[A]"),
            entry("Two lines,\\none question?\\nA: yes\\nB: no\\nPlease choose A/B.", "[A]"));
    // then
    assertThat(read.pairs())
        .containsExactly(
            new TextPair("What is ice?", "frozen water"),
            new TextPair("What do fungi eat?", "dead organisms"),
            new TextPair("Fog is likely around:", "a marsh"),
            new TextPair("Two lines,\none question?", "yes"));
    assertThat(read.leftOut()).isEqualTo("left out: none");
  }

  @Test
  @DisplayName("are prompt and response where the response names no option")
  void freeText() throws IOException {
    // given
    RetrievalPairs read = read(entry("Sum of 2 and 3?\\nA: think", "It is 5.\\n#### 5"));
    // then
    assertThat(read.pairs())
        .containsExactly(new TextPair("Sum of 2 and 3?\nA: think", "It is 5.\n#### 5"));
  }

  @Test
  @DisplayName("leave out, and count, what cannot be searched for")
  void leftOut() throws IOException {
    // given
    RetrievalPairs read =
        read(
            "{\"prompt\": \"No response?\"}",
            entry("Blank?", " "),
            entry("is ice cold?", "[True]"),
            entry("is ice warm?", "[false]"),
            entry("Which?\\nA: this\\nB: that", "[C]"),
            entry("A: no question\\nB: at all", "[A]"),
            entry("Which is   left?", "This one"),
            entry("which is left?", "Another one"));
    // then
    assertThat(read.pairs()).containsExactly(new TextPair("Which is   left?", "This one"));
    assertThat(read.unanswered()).isEqualTo(2);
    assertThat(read.yesNo()).isEqualTo(2);
    assertThat(read.unreadable()).isEqualTo(2);
    assertThat(read.repeated()).isEqualTo(1);
    assertThat(read.leftOut())
        .isEqualTo(
            "left out: 2 without a response, 2 of true or false,"
                + " 2 without the option they name, 1 repeated");
  }

  @Test
  @DisplayName("must be there")
  void nothingLeft() {
    // when, then
    assertThatThrownBy(() -> read(entry("is ice cold?", "[True]")))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("task.json")
        .hasMessageContaining("1 of true or false");
  }

  private static String entry(String prompt, String response) {
    return "{\"prompt\": \"" + prompt + "\", \"response\": \"" + response + "\", \"system\": \"\"}";
  }

  private RetrievalPairs read(String... entries) throws IOException {
    Path file = folder.resolve("task.json");
    Files.writeString(file, "[" + String.join(",", entries) + "]");
    return RetrievalPairs.read(file);
  }
}
