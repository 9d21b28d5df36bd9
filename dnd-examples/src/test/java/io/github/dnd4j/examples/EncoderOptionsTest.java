package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.dnd4j.encoder.PromptEncoders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The option --encoder")
class EncoderOptionsTest {

  @TempDir private Path folder;

  @Test
  @DisplayName("names every type of model in its help that can be opened")
  void help() throws IOException {
    // given what an unknown type is refused with: "... but only bert, ..., mistral are supported"
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"none\"}");
    String refusal = catchThrowable(() -> PromptEncoders.load(folder)).getMessage();
    String supported = refusal.replaceAll("(?s).* only (.*) are supported.*", "$1");
    List<String> types = Pattern.compile(", ").splitAsStream(supported).toList();
    assertThat(types).contains("bert").hasSizeGreaterThan(5);
    // when
    String help = dnd("generate", "--help").out();
    // then
    assertThat(Pattern.compile("[\\s,;]+").splitAsStream(help)).containsAll(types);
    assertThat(help).contains(".onnx", ".txt", ".vec", ".gz");
  }
}
