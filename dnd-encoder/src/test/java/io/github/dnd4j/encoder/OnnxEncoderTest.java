package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ProgressListener;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Models that ONNX Runtime runs. */
class OnnxEncoderTest {

  /** [CLS] a bridge [SEP], by tiny-bert's tokenizer. */
  private static final int[] A_BRIDGE = {2, 16, 18, 3};

  private Path directory;

  @BeforeEach
  void chooseDirectory(@TempDir Path parent) {
    directory = parent.resolve("tiny-onnx");
  }

  private float[] encode(List<String> texts, int length) {
    try (OnnxEncoder encoder = OnnxEncoder.load(directory)) {
      return encode(encoder, texts, length);
    }
  }

  private static float[] encode(OnnxEncoder encoder, List<String> texts, int length) {
    try (INDArray states = encoder.encode(texts, length, ProgressListener.NONE)) {
      assertThat(states.shape()).containsExactly(texts.size(), length, encoder.dimension());
      return HostFloats.toArray(states);
    }
  }

  /** The states of "a bridge": embedding, mask, and position within its window. */
  private static float[] statesOfABridge(int length, int window, boolean positions) {
    float[] states = new float[length * TinyOnnx.WIDTH];
    for (int i = 0; i < states.length; i++) {
      int at = i / TinyOnnx.WIDTH;
      boolean token = at < A_BRIDGE.length;
      states[i] =
          TinyOnnx.embedding(token ? A_BRIDGE[at] : 0, i % TinyOnnx.WIDTH)
              + (token ? TinyOnnx.MASK : 0)
              + (positions ? TinyOnnx.POSITION * (at % window) : 0);
    }
    return states;
  }

  @Test
  void givesTheModelIdsMaskTypesAndPositions() {
    TinyOnnx.complete().write(directory);

    assertThat(encode(List.of("a bridge"), 8)).containsExactly(statesOfABridge(8, 8, true));
  }

  @Test
  void cutsWindowsWhosePositionsCountFromZero() {
    TinyOnnx.complete().write(directory);

    assertThat(encode(List.of("a bridge"), 32)).containsExactly(statesOfABridge(32, 16, true));
  }

  @Test
  void givesTheModelNothingThatItDoesNotAskFor() {
    new TinyOnnx().output("last_hidden_state", "batch", "tokens", TinyOnnx.WIDTH).write(directory);

    assertThat(encode(List.of("a bridge"), 8)).containsExactly(statesOfABridge(8, 8, false));
  }

  @Test
  void withoutAConfigurationThereIsNoWindow() throws IOException {
    TinyOnnx.complete().write(directory);
    Files.delete(directory.resolve("config.json"));

    assertThat(encode(List.of("a bridge"), 37)).containsExactly(statesOfABridge(37, 37, true));
  }

  @Test
  void theCallerMayKnowTheWindow() throws IOException {
    TinyOnnx.complete().write(directory);
    Files.delete(directory.resolve("config.json"));

    try (OnnxEncoder encoder =
        OnnxEncoder.builder(directory.resolve("model.onnx")).window(5).build()) {
      assertThat(encode(encoder, List.of("a bridge"), 10))
          .containsExactly(statesOfABridge(10, 5, true));
      assertThatThrownBy(() -> encode(encoder, List.of("a bridge"), 12))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("multiple of it, the window of tiny-onnx, but is 12");
    }
  }

  /** RoBERTa's positions begin after the padding token's, so that not all can be used. */
  @Test
  void knowsThatRobertasPositionsBeginLate() throws IOException {
    TinyOnnx.complete().write(directory);
    Files.writeString(
        directory.resolve("config.json"),
        "{\"model_type\": \"xlm-roberta\", \"max_position_embeddings\": 17, \"pad_token_id\": 0}");

    assertThat(encode(List.of("a bridge"), 32)).containsExactly(statesOfABridge(32, 16, true));
  }

  @Test
  void theConfigurationMayNameThePadding() throws IOException {
    TinyOnnx.complete().write(directory);
    Path tokenizer = directory.resolve("tokenizer.json");
    String json = Files.readString(tokenizer);
    String padding = json.substring(json.indexOf("\"padding\""), json.indexOf("\"added_tokens\""));
    Files.writeString(
        tokenizer, json.replace(padding, "\"padding\": null, ").replace("[PAD]", "[NIL]"));
    Files.writeString(directory.resolve("config.json"), "{\"pad_token_id\": 9}");

    float[] states = encode(List.of("a bridge"), 5);

    assertThat(states[4 * TinyOnnx.WIDTH])
        .isEqualTo(TinyOnnx.embedding(9, 0) + 4 * TinyOnnx.POSITION);
  }

  @Test
  void findsTheModelInItsFolder() throws IOException {
    TinyOnnx.complete().write(directory);
    Path folder = Files.createDirectory(directory.resolve("onnx"));
    Files.move(directory.resolve("model.onnx"), folder.resolve("model.onnx"));

    assertThat(encode(List.of("a bridge"), 16)).containsExactly(statesOfABridge(16, 16, true));
    try (OnnxEncoder encoder = OnnxEncoder.load(directory)) {
      assertThat(encoder.spec().require("model")).isEqualTo("tiny-onnx");
    }
  }

  @Test
  void takesTheUsualOutputAmongSeveral() {
    new TinyOnnx()
        .output("token_embeddings", "batch", "tokens", TinyOnnx.WIDTH)
        .pooledOutput("sentence_embedding")
        .output("other_states", "batch", "tokens", TinyOnnx.WIDTH)
        .write(directory);

    assertThat(encode(List.of("a bridge"), 8)).containsExactly(statesOfABridge(8, 8, false));
  }

  @Test
  void takesTheOnlyOutputThatFits() {
    new TinyOnnx()
        .pooledOutput("pooled")
        .output("1234", "batch", "tokens", TinyOnnx.WIDTH)
        .write(directory);

    assertThat(encode(List.of("a bridge"), 8)).containsExactly(statesOfABridge(8, 8, false));
  }

  @Test
  void saysWhichOutputsMayBeMeant() {
    new TinyOnnx()
        .output("first", "batch", "tokens", TinyOnnx.WIDTH)
        .output("second", "batch", "tokens", TinyOnnx.WIDTH)
        .write(directory);

    assertThatThrownBy(() -> OnnxEncoder.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("[first, second]")
        .hasMessageContaining("Name the one to take");
  }

  @Test
  void takesTheOutputThatTheCallerNames() {
    new TinyOnnx()
        .output("last_hidden_state", "batch", "tokens", TinyOnnx.WIDTH)
        .node("Neg", "negative", "last_hidden_state")
        .output("second", "batch", "tokens", TinyOnnx.WIDTH)
        .write(directory);
    Path model = directory.resolve("model.onnx");

    try (OnnxEncoder encoder = OnnxEncoder.builder(model).output("second").build()) {
      assertThat(encode(encoder, List.of("a bridge"), 8))
          .containsExactly(statesOfABridge(8, 8, false));
      assertThat(encoder.spec().require("output")).isEqualTo("second");
    }
    assertThatThrownBy(() -> OnnxEncoder.builder(model).output("third").build())
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("'third'")
        .hasMessageContaining("second FLOAT [any, any, 6]");
  }

  @Test
  void refusesAModelThatOnlyGivesPooledVectors() {
    new TinyOnnx().pooledOutput("sentence_embedding").write(directory);

    assertThatThrownBy(() -> OnnxEncoder.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("no hidden states of tokens")
        .hasMessageContaining("sentence_embedding FLOAT [any, 6]");
    Path model = directory.resolve("model.onnx");
    assertThatThrownBy(() -> OnnxEncoder.builder(model).output("sentence_embedding").build())
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("FLOAT [any, 6]");
  }

  @Test
  void refusesInputsThatItCannotGive() {
    TinyOnnx.complete()
        .add("pixel_values", 1)
        .output("other", "batch", "tokens", TinyOnnx.WIDTH)
        .write(directory);

    assertThatThrownBy(() -> OnnxEncoder.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("what to give [pixel_values] is not known")
        .hasMessageContaining("token_type_ids");
  }

  @Test
  void refusesInputsOfAnotherKind() {
    for (Object[] input :
        new Object[][] {
          {TensorProto.DataType.INT64.getNumber(), 1, "tokens"},
          {TensorProto.DataType.INT64.getNumber(), "batch", 128},
          {TensorProto.DataType.INT32.getNumber(), "batch", "tokens"}
        }) {
      TinyOnnx model =
          new TinyOnnx().output("last_hidden_state", "batch", "tokens", TinyOnnx.WIDTH);
      model.graph().setInput(0, TinyOnnx.value("input_ids", (int) input[0], input[1], input[2]));
      Path folder = model.write(directory.resolve(Arrays.toString(input)));

      assertThatThrownBy(() -> OnnxEncoder.load(folder))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("input_ids must be int64 [batch, tokens] with both sizes free");
    }
  }

  /** Of a width that the file leaves open, a run tells. */
  @Test
  void findsOutTheWidth() {
    openWidth(new TinyOnnx()).write(directory);

    try (OnnxEncoder encoder = OnnxEncoder.load(directory)) {
      assertThat(encoder.dimension()).isEqualTo(TinyOnnx.WIDTH);
    }
    assertThat(encode(List.of("a bridge"), 8)).containsExactly(statesOfABridge(8, 8, false));
  }

  /** Through a shape that ONNX Runtime does not know before it runs. */
  private static TinyOnnx openWidth(TinyOnnx model) {
    model
        .output("sum", "batch", "tokens", TinyOnnx.WIDTH)
        .node("Shape", "shape", "sum")
        .node("Abs", "unknown", "shape")
        .node("Reshape", "last_hidden_state", "sum", "unknown");
    model
        .graph()
        .setOutput(
            0,
            TinyOnnx.value(
                "last_hidden_state",
                TensorProto.DataType.FLOAT.getNumber(),
                "batch",
                "tokens",
                "width"));
    return model;
  }

  @Test
  void refusesAnOutputOfAnotherShapeThanItsFileSays() {
    TinyOnnx model = new TinyOnnx();
    model
        .output("sum", "batch", "tokens", TinyOnnx.WIDTH)
        .node("Squeeze", "squeezed", "sum")
        .node("Identity", "last_hidden_state", "squeezed");
    model
        .graph()
        .setOutput(
            0,
            TinyOnnx.value(
                "last_hidden_state",
                TensorProto.DataType.FLOAT.getNumber(),
                "batch",
                "tokens",
                TinyOnnx.WIDTH));
    model.write(directory);

    assertThatThrownBy(() -> encode(List.of("a bridge"), 8))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("last_hidden_state")
        .hasMessageContaining("[1, 8, 6]")
        .hasMessageContaining("[8, 6]");
  }

  /** The embedding of padding begins with 0, whose logarithm is infinite. */
  @Test
  void refusesStatesThatAreNoNumbers() {
    TinyOnnx model = new TinyOnnx().node("Log", "last_hidden_state", "embedded");
    model
        .graph()
        .addOutput(
            TinyOnnx.value(
                "last_hidden_state",
                TensorProto.DataType.FLOAT.getNumber(),
                "batch",
                "tokens",
                TinyOnnx.WIDTH));
    model.write(directory);

    assertThat(encode(List.of("a bridge"), 4)).hasSize(4 * TinyOnnx.WIDTH);
    assertThatThrownBy(() -> encode(List.of("a bridge"), 5))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("model.onnx")
        .hasMessageContaining("NaN or infinite");
  }

  @Test
  void namesTheFileOfWhatOnnxRuntimeRefuses() {
    new TinyOnnx()
        .node("NoSuchOperation", "mystery", "embedded")
        .output("last_hidden_state", "batch", "tokens", TinyOnnx.WIDTH)
        .write(directory);

    assertThatThrownBy(() -> OnnxEncoder.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.onnx cannot be opened by ONNX Runtime")
        .hasMessageContaining("NoSuchOperation");
  }

  @Test
  void namesTheFileOfARunThatFails() throws IOException {
    TinyOnnx.complete().write(directory);
    Files.delete(directory.resolve("config.json"));
    Path tokenizer = directory.resolve("tokenizer.json");
    Files.writeString(
        tokenizer, Files.readString(tokenizer).replace("\"bridge\": 18", "\"bridge\": 1800"));

    assertThatThrownBy(() -> encode(List.of("a bridge"), 8))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("model.onnx cannot be run by ONNX Runtime on token ids [1, 8]")
        .hasMessageContaining("1800");
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    assertThatThrownBy(() -> OnnxEncoder.load(directory))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("tiny-onnx")
        .hasMessageContaining("neither model.onnx nor onnx/model.onnx");
    TinyOnnx.complete().write(directory);
    Files.delete(directory.resolve("tokenizer.json"));
    assertThatThrownBy(() -> OnnxEncoder.load(directory))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void saysWhichFileIsBroken() throws IOException {
    TinyOnnx.complete().write(directory);
    for (String name : List.of("config.json", "tokenizer.json", "model.onnx")) {
      byte[] content = Files.readAllBytes(directory.resolve(name));
      Files.writeString(directory.resolve(name), "this is none of them");
      assertThatThrownBy(() -> OnnxEncoder.load(directory))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining(name);
      Files.write(directory.resolve(name), content);
    }
  }

  @Test
  void aConfigurationMustMakeSense() throws IOException {
    TinyOnnx.complete().write(directory);
    for (String wrong :
        List.of(
            "\"max_position_embeddings\": 0",
            "\"max_position_embeddings\": \"16\"",
            "\"pad_token_id\": -1",
            "\"vocab_size\": 1e99",
            "\"max_position_embeddings\": 2, \"model_type\": \"roberta\"")) {
      Files.writeString(directory.resolve("config.json"), "{" + wrong + "}");
      assertThatThrownBy(() -> OnnxEncoder.load(directory))
          .as(wrong)
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("config.json");
    }
  }

  /** As an application has it that does not add the dependency. */
  @Test
  void saysWhichDependencyIsMissing() throws Exception {
    TinyOnnx.complete().write(directory);
    List<URL> others = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, 0)) {
      if (!Path.of(entry).getFileName().toString().startsWith("onnxruntime")) {
        others.add(Path.of(entry).toUri().toURL());
      }
    }
    try (URLClassLoader loader =
        new URLClassLoader(others.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> encoder = loader.loadClass(OnnxEncoder.class.getName());

      assertThatThrownBy(() -> encoder.getMethod("load", Path.class).invoke(null, directory))
          .isInstanceOf(InvocationTargetException.class)
          .cause()
          .hasMessageContaining("model.onnx")
          .hasMessageContaining("Add the dependency com.microsoft.onnxruntime:onnxruntime");
    }
  }
}
