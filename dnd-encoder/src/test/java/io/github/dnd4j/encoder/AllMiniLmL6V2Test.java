package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ProgressListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The encoder on the class path against ONNX Runtime, which runs the same weights. */
@Tag("slow")
class AllMiniLmL6V2Test {

  private static SentenceEncoder encoder;
  private static OnnxReference reference;

  @BeforeAll
  static void open() throws Exception {
    encoder = SentenceEncoder.allMiniLmL6V2();
    reference = new OnnxReference(ClassPathModel.ALL_MINILM_L6_V2);
  }

  @AfterAll
  static void close() throws Exception {
    encoder.close();
    reference.close();
  }

  /**
   * Tokens agree to 1e-4 everywhere. Padding positions agree as well on average, but single ones
   * are badly conditioned, so that no two float32 implementations come closer than this: for the
   * empty text at length 384 PyTorch 1.13 is 2.3e-4 away from ONNX Runtime, this encoder 1.8e-4,
   * and from float64 they are 1.9e-4, 1.2e-4 (ONNX Runtime) and 1.6e-4 (this encoder).
   */
  private static void assertLikeReference(List<String> texts, int length) throws Exception {
    float[] expected = reference.encode(texts, length);
    int[] tokens = reference.tokens(texts, length);
    try (INDArray states = encoder.encode(texts, length, ProgressListener.NONE)) {
      assertThat(states.shape()).containsExactly(texts.size(), length, 384);
      float[] actual = HostFloats.toArray(states);
      assertThat(Difference.largest(actual, expected)).isLessThan(1e-3f);
      assertThat(Difference.rootMeanSquare(actual, expected)).isLessThan(5e-6);
      for (int i = 0; i < texts.size(); i++) {
        int from = i * length * 384;
        int to = from + tokens[i] * 384;
        assertThat(
                Difference.largest(
                    Arrays.copyOfRange(actual, from, to), Arrays.copyOfRange(expected, from, to)))
            .as("tokens of text %d", i)
            .isLessThan(1e-4f);
      }
    }
  }

  /** Prompts as data sets have them: a question and its choices, or a task and its input. */
  private static List<String> prompts(int count) {
    String[] things = {"kettle", "glacier", "maple leaf", "copper wire", "tide", "magnet", "loaf"};
    String[] questions = {
      "Which change shows best that energy passed from one %s to another %s?\nA: its colour\nB: its"
          + " temperature\nC: its name\nD: its age",
      "A student measures a %s every hour from morning to evening and writes the numbers into a"
          + " table. What should the student do next to find out whether the %s changes?\nA: draw"
          + " a graph\nB: throw the table away\nC: measure something else\nD: ask for more paper",
      "Write a function that takes a list of %s names and returns those that occur twice. Explain"
          + " each step. The %s names may be in any order.",
      "The %s was next to the window because the %s was warm. Who was warm?",
      "If 3 %ss cost 12.50 and one %s is given away, how much is left to pay?"
    };
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                "Number "
                    + i
                    + ". "
                    + questions[i % questions.length].formatted(things[i % 7], things[i / 7 % 7]))
        .toList();
  }

  @Test
  void shortTextsAndTheirPadding() throws Exception {
    assertLikeReference(prompts(10), 96);
  }

  @Test
  void unusualTexts() throws Exception {
    assertLikeReference(
        List.of(
            "",
            "x",
            "\uD83D\uDE80 to the \uD83C\uDF15!",
            "\u6CB3\u6D41\u5411\u5317\u6D41\u3002 Na\u00EFve caf\u00E9 d\u00E9j\u00E0 vu",
            "[CLS] what [MASK] do [SEP] tokens [PAD] do?",
            "supercalifragilisticexpialidocious ".repeat(30)),
        64);
  }

  @Test
  void fullSize() throws Exception {
    assertLikeReference(prompts(128), 384);
  }

  @Test
  void longTextsInWindows() throws Exception {
    // About 800 ids: a full window and one that is half padding.
    String longText = String.join(" ", prompts(22));

    assertLikeReference(List.of(longText), 1024);
  }

  @Test
  void windowsOfNothingButPadding() throws Exception {
    assertLikeReference(List.of("Why is the sky blue?", "What is a tide?"), 1536);
  }

  @Test
  void aTextLongerThanTheLengthIsCut() throws Exception {
    assertLikeReference(List.of(String.join(" ", prompts(22))), 33);
  }

  /** Pooled here from ONNX Runtime's states: the mean over the tokens, at length 1. */
  private static float[] pooledReference(List<String> texts, int length) throws Exception {
    float[] states = reference.encode(texts, length);
    int[] tokens = reference.tokens(texts, length);
    float[] pooled = new float[texts.size() * 384];
    for (int i = 0; i < texts.size(); i++) {
      double[] mean = new double[384];
      for (int at = 0; at < tokens[i] * 384; at++) {
        mean[at % 384] += states[i * length * 384 + at];
      }
      double norm = Math.sqrt(Arrays.stream(mean).map(x -> x * x).sum());
      for (int c = 0; c < 384; c++) {
        pooled[i * 384 + c] = (float) (mean[c] / norm);
      }
    }
    return pooled;
  }

  @Test
  void sentenceEmbeddings() throws Exception {
    List<String> texts = new ArrayList<>(prompts(40));
    texts.add(3, "");
    texts.add(7, "x");
    texts.add(20, String.join(" ", prompts(22)));

    try (INDArray embeddings = encoder.embed(texts);
        INDArray cut = encoder.embed(texts, 24)) {
      assertThat(embeddings.shape()).containsExactly(43, 384);
      assertThat(Difference.largest(HostFloats.toArray(embeddings), pooledReference(texts, 256)))
          .isLessThan(1e-5f);
      assertThat(Difference.largest(HostFloats.toArray(cut), pooledReference(texts, 24)))
          .isLessThan(1e-5f);
    }
  }

  @Test
  void textsDoNotDependOnTheirNeighbours() {
    List<String> texts = prompts(9);
    try (INDArray all = encoder.encode(texts, 128, ProgressListener.NONE);
        INDArray alone = encoder.encode(texts.subList(4, 5), 128, ProgressListener.NONE);
        INDArray among = all.tensorAlongDimension(4, 1, 2).dup('c')) {
      assertThat(Difference.largest(among, alone)).isLessThan(1e-5f);
    }
  }
}
