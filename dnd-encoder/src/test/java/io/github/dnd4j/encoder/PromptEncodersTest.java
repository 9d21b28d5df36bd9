package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.spi.PromptEncoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Encoders of whatever kind a path holds. */
class PromptEncodersTest {

  @TempDir private Path folder;

  /** A model of the test resources in a directory of its own. */
  private Path copy(String model) throws IOException {
    Path directory = Files.createDirectories(folder.resolve(model));
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      try (InputStream in = getClass().getResourceAsStream(model + "/" + name)) {
        Files.copy(in, directory.resolve(name));
      }
    }
    return directory;
  }

  private static void assertOpens(Path path, Class<?> type, String name) {
    try (PromptEncoder encoder = PromptEncoders.load(path)) {
      assertThat(encoder).isInstanceOf(type);
      assertThat(encoder.spec().require("model")).isEqualTo(name);
    }
  }

  @Test
  void opensABert() throws IOException {
    assertOpens(copy("tiny-bert"), SentenceEncoder.class, "tiny-bert");
  }

  @Test
  void opensAT5() throws IOException {
    assertOpens(copy("tiny-t5"), T5Encoder.class, "tiny-t5");
  }

  /** After the layer in the middle, if none is chosen. */
  @Test
  void opensACausalLanguageModelAtALayer() throws IOException {
    Path directory = copy("tiny-qwen2");

    assertOpens(directory, CausalLmEncoder.class, "tiny-qwen2");
    try (PromptEncoder chosen = PromptEncoders.load(directory, 2);
        PromptEncoder middle = PromptEncoders.load(directory)) {
      assertThat(chosen.spec().require("layer")).isEqualTo("2");
      assertThat(middle.spec().require("layer")).isEqualTo("1");
    }
    assertThatThrownBy(() -> PromptEncoders.load(directory, 3))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("tiny-qwen2");
  }

  @Test
  void opensWordVectorsPlainAndCompressed() throws IOException {
    Path plain = TinyGlove.vectors(folder);
    Path compressed = folder.resolve("tiny-glove.TXT.GZ");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(compressed))) {
      Files.copy(plain, out);
    }

    assertOpens(plain, GloveEncoder.class, "tiny-glove.txt");
    assertOpens(compressed, GloveEncoder.class, "tiny-glove.TXT.GZ");
  }

  @Test
  void opensAnOnnxModelOfAnyType() throws IOException {
    Path directory = TinyOnnx.complete().write(folder.resolve("tiny-onnx"));

    assertOpens(directory, OnnxEncoder.class, "tiny-onnx");
    assertOpens(directory.resolve("model.onnx"), OnnxEncoder.class, "tiny-onnx");
    Path named = Files.move(directory.resolve("model.onnx"), directory.resolve("tiny.onnx"));
    assertOpens(named, OnnxEncoder.class, "tiny.onnx");
    Files.createDirectory(directory.resolve("onnx"));
    Files.move(named, directory.resolve("onnx").resolve("model.onnx"));
    Files.delete(directory.resolve("config.json"));
    assertOpens(directory, OnnxEncoder.class, "tiny-onnx");
  }

  /** Exports often stand beside the weights that they were made of. */
  @Test
  void prefersWeightsToAnExportOfThem() throws IOException {
    Path directory = copy("tiny-bert");
    Files.write(directory.resolve("model.onnx"), TinyOnnx.complete().bytes());

    assertOpens(directory, SentenceEncoder.class, "tiny-bert");
    Files.delete(directory.resolve("model.safetensors"));
    assertOpens(directory, OnnxEncoder.class, "tiny-bert");
  }

  @Test
  void saysThatNothingIsThere() {
    assertThatThrownBy(() -> PromptEncoders.load(folder.resolve("nowhere")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("nowhere: neither a directory nor a file");
  }

  @Test
  void saysWhatItLookedFor() {
    assertThatThrownBy(() -> PromptEncoders.load(folder))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(
            "neither config.json, for a model of type bert, roberta, xlm-roberta, mpnet")
        .hasMessageContaining("nor model.onnx or onnx/model.onnx");
  }

  @Test
  void saysWhichFileOfAModelIsMissing() throws IOException {
    for (String model : List.of("tiny-bert", "tiny-t5")) {
      Path directory = copy(model);
      Files.delete(directory.resolve("model.safetensors"));
      assertThatThrownBy(() -> PromptEncoders.load(directory))
          .isInstanceOf(FileAccessException.class)
          .hasMessageContaining(directory.toString())
          .hasMessageContaining("model.safetensors");
    }
  }

  @Test
  void listsWhatIsSupported() throws IOException {
    Path config = folder.resolve("config.json");
    for (String content : List.of("{\"model_type\": \"albert\"}", "{}", "{\"model_type\": 7}")) {
      Files.writeString(config, content);
      assertThatThrownBy(() -> PromptEncoders.load(folder))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining(
              config + ": model_type is " + (content.contains("albert") ? '"' : 'm'))
          .hasMessageContaining(
              "only bert, roberta, xlm-roberta, mpnet, distilbert, t5, mt5, qwen2, qwen3, llama,"
                  + " mistral are supported")
          .hasMessageContaining("exported to ONNX");
    }
    Files.writeString(config, "[]");
    assertThatThrownBy(() -> PromptEncoders.load(folder))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("config.json must hold a JSON object");
  }

  @Test
  void refusesFilesOfOtherKinds() throws IOException {
    Path file = Files.writeString(folder.resolve("model.bin"), "");

    assertThatThrownBy(() -> PromptEncoders.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.bin is no encoder")
        .hasMessageContaining(".onnx");
  }

  @Test
  void onlyACausalLanguageModelHasAChoiceOfLayers() throws IOException {
    Path bert = copy("tiny-bert");
    Path vectors = TinyGlove.vectors(folder);

    assertThatThrownBy(() -> PromptEncoders.load(bert, 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("qwen2, qwen3, llama, mistral")
        .hasMessageContaining("tiny-bert, which is bert");
    assertThatThrownBy(() -> PromptEncoders.load(vectors, 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("tiny-glove.txt");
  }

  @Test
  void needsAPath() {
    assertThatThrownBy(() -> PromptEncoders.load(null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("path");
  }
}
