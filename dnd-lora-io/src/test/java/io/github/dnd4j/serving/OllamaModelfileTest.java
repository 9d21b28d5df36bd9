package io.github.dnd4j.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OllamaModelfileTest {

  private static final OllamaModelfile QWEN = OllamaModelfile.from("qwen2.5:0.5b");

  @TempDir private Path folder;

  @Test
  void anAdapterStandsBesideItsModel() throws IOException {
    // given
    Path adapter = gguf("my adapter.gguf");
    Path file = folder.resolve("Modelfile");
    // when
    QWEN.withAdapter(adapter)
        .withParameter("temperature", "0")
        .withParameter("stop", " \"###\"")
        .withSystem("Answer with A, B, C or D.\nNothing else.")
        .withTemplate("{{ .Prompt }}")
        .write(file);
    // then
    assertThat(file)
        .hasContent(
            String.join(
                "\n",
                "FROM qwen2.5:0.5b",
                "ADAPTER ./my adapter.gguf",
                "PARAMETER temperature 0",
                "PARAMETER stop \"\"\" \"###\"\"\"\"",
                "SYSTEM \"\"\"Answer with A, B, C or D.",
                "Nothing else.\"\"\"",
                "TEMPLATE \"\"\"{{ .Prompt }}\"\"\"",
                ""));
  }

  @Test
  void filesElsewhereAreNamedInFull() throws IOException {
    // given
    Path model = gguf("models/base.gguf");
    Path adapter = gguf("adapters/a.gguf");
    OllamaModelfile modelfile = OllamaModelfile.from(model).withAdapter(adapter);
    // when
    modelfile.write(folder.resolve("models/Modelfile"));
    modelfile.write(folder.resolve("Modelfile"));
    // then
    assertThat(folder.resolve("models/Modelfile"))
        .hasContent("FROM ./base.gguf\nADAPTER " + adapter + "\n");
    assertThat(folder.resolve("Modelfile"))
        .hasContent("FROM ./models/base.gguf\nADAPTER ./adapters/a.gguf\n");
    assertThat(modelfile).hasToString("FROM " + model + "\nADAPTER " + adapter + "\n");
  }

  @Test
  void spacesAtTheEndOfAPathAreKept() throws IOException {
    Path adapter = gguf("a.gguf ");
    assertThat(QWEN.withAdapter(adapter).text()).contains("ADAPTER \"" + adapter + "\"\n");
  }

  @Test
  void anAdapterHasToBeGguf() throws IOException {
    assertThatThrownBy(() -> QWEN.withAdapter(folder))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("directory", "GGUF");
    Path other = Files.writeString(folder.resolve("a.safetensors"), "{}");
    assertThatThrownBy(() -> QWEN.withAdapter(other)).isInstanceOf(FileFormatException.class);
    assertThatThrownBy(() -> QWEN.withAdapter(folder.resolve("missing.gguf")))
        .isInstanceOf(FileAccessException.class);
    assertThatThrownBy(() -> OllamaModelfile.from(folder.resolve("missing.gguf")))
        .isInstanceOf(FileAccessException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\"b.gguf", "a\nb.gguf", "a\tb.gguf", "a\u00a0b.gguf", "a\u200bb.gguf"})
  void pathsThatOllamaWouldReadOtherwiseAreRefused(String name) throws IOException {
    Path adapter = gguf(name);
    assertThatThrownBy(() -> QWEN.withAdapter(adapter))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("U+")
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\nSYSTEM b", "../model", "~/model.gguf", "-"})
  void modelsHaveNames(String name) {
    assertThatThrownBy(() -> OllamaModelfile.from(name)).isInstanceOf(InvalidInputException.class);
  }

  @Test
  void textsCannotBecomeInstructions() {
    assertThatThrownBy(() -> QWEN.withSystem("a\"\"\"\nADAPTER b"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("three double quotes");
    assertThatThrownBy(() -> QWEN.withTemplate("a\u0000"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("control characters");
    assertThatThrownBy(() -> QWEN.withParameter("stop\nADAPTER", "x"))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> QWEN.withParameter("stop", " "))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void whatItNamesIsNotOverwritten() throws IOException {
    Path adapter = gguf("a.gguf");
    assertThatThrownBy(() -> QWEN.withAdapter(adapter).write(adapter))
        .isInstanceOf(InvalidInputException.class);
    assertThat(QWEN.withAdapter(adapter).text()).contains("a.gguf");
  }

  @Test
  void aModelIsNoAdapter() throws IOException {
    // given a GGUF header of version 3 without tensors, and with one text
    ByteBuffer file = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    file.put(ascii("GGUF")).putInt(3).putLong(0).putLong(1);
    putText(file, "general.type");
    file.putInt(8);
    putText(file, "model");
    Path model = Files.write(folder.resolve("base.gguf"), file.array());
    // then
    assertThat(OllamaModelfile.from(model).text()).isEqualTo("FROM " + model + "\n");
    assertThatThrownBy(() -> QWEN.withAdapter(model))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll("general.type is 'model'", "Is it a model?");
  }

  private static void putText(ByteBuffer file, String text) {
    file.putLong(text.length()).put(ascii(text));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private Path gguf(String name) throws IOException {
    Path saved = Adapters.save(Adapters.plain(4), folder.resolve("saved.gguf"));
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.move(saved, file);
  }
}
