package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** bge-small-en-v1.5 and e5-small-v2 against ONNX Runtime, which runs the same weights. */
@Tag("slow")
class ClassPathModelTest {

  private static final List<String> TEXTS =
      List.of(
          "query: how much protein should a female eat",
          "passage: The tide comes in twice a day, because the moon pulls at the sea.",
          "",
          "\uD83D\uDE80 na\u00EFve caf\u00E9 \u6CB3\u6D41",
          "Which change shows best that energy passed from one kettle to another? ".repeat(12));

  private static SentenceEncoder open(ClassPathModel model) {
    return model == ClassPathModel.BGE_SMALL_EN_V15
        ? SentenceEncoder.bgeSmallEnV15()
        : SentenceEncoder.e5SmallV2();
  }

  @ParameterizedTest
  @CsvSource({"BGE_SMALL_EN_V15, 96", "E5_SMALL_V2, 96", "BGE_SMALL_EN_V15, 1024"})
  void givesTheHiddenStatesThatOnnxRuntimeGives(ClassPathModel model, int length) throws Exception {
    try (SentenceEncoder encoder = open(model);
        OnnxReference reference = new OnnxReference(model);
        INDArray states = encoder.encode(TEXTS, length, ProgressListener.NONE)) {
      float[] expected = reference.encode(TEXTS, length);
      int[] tokens = reference.tokens(TEXTS, length);
      float[] actual = HostFloats.toArray(states);

      assertThat(Difference.rootMeanSquare(actual, expected)).isLessThan(1e-5);
      for (int i = 0; i < TEXTS.size(); i++) {
        int from = i * length * 384;
        int to = from + tokens[i] * 384;
        float[] actualStates = Arrays.copyOfRange(actual, from, to);
        float[] expectedStates = Arrays.copyOfRange(expected, from, to);
        float difference = Difference.largest(actualStates, expectedStates);
        assertThat(difference).as("tokens of text %d", i).isLessThan(1e-4f);
      }
    }
  }

  /** Other weights of these names must not go unnoticed. */
  @ParameterizedTest
  @CsvSource({
    "bge-small-en-v1.5, b807fa119ee496c823ec3ae10b123eb3b09c4cca60a4ed6adb999ceacca6c2b2",
    "e5-small-v2, 26d524192bdb3cbca62fbf62f7abcbd58f2b6a8c1511a108af88dea48c78290a"
  })
  void aSavedGeneratorFindsThem(String model, String sha256) {
    ComponentSpec spec =
        new ComponentSpec(
            "sentence-encoder", Map.of("model", model, "dimension", "384", "sha256", sha256));

    try (PromptEncoder encoder = new SentenceEncoderProvider().open(spec)) {
      assertThat(encoder.spec()).isEqualTo(spec);
      assertThat(encoder.dimension()).isEqualTo(384);
    }
  }

  /** In a class loader that has this library but not the models. */
  @Test
  void withoutTheDependencyTheErrorNamesIt() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, 0)) {
      if (!entry.contains("langchain4j")) {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    try (URLClassLoader loader =
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> type = loader.loadClass(SentenceEncoder.class.getName());
      for (String[] model :
          new String[][] {{"bgeSmallEnV15", "bge-small-en-v15"}, {"e5SmallV2", "e5-small-v2"}}) {
        assertThatThrownBy(() -> type.getMethod(model[0]).invoke(null))
            .cause()
            .satisfies(
                e ->
                    assertThat(e.getClass().getName())
                        .isEqualTo(FileAccessException.class.getName()))
            .hasMessageContaining("dev.langchain4j:langchain4j-embeddings-" + model[1]);
      }
    }
  }
}
