package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A real model, the ONNX file of all-MiniLM-L6-v2, against the encoder on ND4J. */
@Tag("slow")
class OnnxEncoderMiniLmTest {

  private static final List<String> TEXTS =
      List.of(
          "",
          "Why is the sky blue?",
          "Na\u00EFve caf\u00E9s sell \u6CB3\u6D41 maps, [MASK] and \uD83D\uDE80.",
          "Which change shows best that energy passed from one kettle to another? ".repeat(50));

  @TempDir private Path directory;

  private void copy(String resource, String name) throws IOException {
    try (InputStream in =
        OnnxEncoderMiniLmTest.class.getClassLoader().getResourceAsStream(resource)) {
      Files.copy(in, directory.resolve(name));
    }
  }

  /** A few tokens, padding, and more than one window; {@link AllMiniLmL6V2Test} on the figures. */
  @Test
  void givesWhatTheSentenceEncoderGives() throws IOException {
    copy("all-minilm-l6-v2.onnx", "model.onnx");
    copy("all-minilm-l6-v2-tokenizer.json", "tokenizer.json");
    Files.writeString(directory.resolve("config.json"), "{\"max_position_embeddings\": 512}");

    try (OnnxEncoder onnx = OnnxEncoder.load(directory);
        SentenceEncoder bert = SentenceEncoder.allMiniLmL6V2()) {
      assertThat(onnx.dimension()).isEqualTo(384);
      for (int length : new int[] {64, 1024}) {
        try (INDArray actual = onnx.encode(TEXTS, length, ProgressListener.NONE);
            INDArray expected = bert.encode(TEXTS, length, ProgressListener.NONE)) {
          assertClose(HostFloats.toArray(actual), HostFloats.toArray(expected), length);
        }
      }
    }
  }

  private void assertClose(float[] actual, float[] expected, int length) throws IOException {
    assertThat(Difference.rootMeanSquare(actual, expected)).isLessThan(5e-6);
    assertThat(Difference.largest(actual, expected)).isLessThan(1e-3f);
    byte[] json = Files.readAllBytes(directory.resolve("tokenizer.json"));
    try (TextTokenizer tokenizer = new TextTokenizer(json, "tokenizer.json", 30522)) {
      for (int i = 0; i < TEXTS.size(); i++) {
        int from = i * length * 384;
        int to = from + tokenizer.encode(TEXTS.get(i), length).valid() * 384;
        assertThat(
                Difference.largest(
                    Arrays.copyOfRange(actual, from, to), Arrays.copyOfRange(expected, from, to)))
            .as("tokens of text %d", i)
            .isLessThan(1e-4f);
      }
    }
  }
}
