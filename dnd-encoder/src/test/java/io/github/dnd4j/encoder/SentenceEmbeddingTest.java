package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Sentence embeddings")
class SentenceEmbeddingTest {

  private SentenceEncoder encoder;

  @BeforeEach
  void open(@TempDir Path directory) {
    encoder = SentenceEncoder.load(new TinyBert(directory).directory());
  }

  @AfterEach
  void close() {
    encoder.close();
  }

  /** The mean of the hidden states that {@code encode} gives for a text's tokens, at length 1. */
  private float[] expected(String text, int tokens, int length) {
    try (INDArray states = encoder.encode(List.of(text), length, ProgressListener.NONE)) {
      float[] values = HostFloats.toArray(states);
      double[] mean = new double[TinyBert.HIDDEN];
      for (int i = 0; i < tokens * mean.length; i++) {
        mean[i % mean.length] += values[i];
      }
      double norm = Math.sqrt(Arrays.stream(mean).map(x -> x * x).sum());
      float[] result = new float[mean.length];
      for (int i = 0; i < mean.length; i++) {
        result[i] = (float) (mean[i] / norm);
      }
      return result;
    }
  }

  private static float[] row(INDArray matrix, int row) {
    int width = (int) matrix.size(1);
    return Arrays.copyOfRange(HostFloats.toArray(matrix), row * width, (row + 1) * width);
  }

  @Test
  @DisplayName("are means over the tokens and not over the padding")
  void meansOfTokens() {
    List<String> texts = List.of("a bridge", "the old mill runs on", "");
    try (INDArray embeddings = encoder.embed(texts)) {
      assertThat(embeddings.shape()).containsExactly(3, TinyBert.HIDDEN);
      assertThat(Difference.largest(row(embeddings, 0), expected("a bridge", 4, 16)))
          .isLessThan(1e-6f);
      assertThat(Difference.largest(row(embeddings, 1), expected("the old mill runs on", 8, 16)))
          .isLessThan(1e-6f);
      assertThat(Difference.largest(row(embeddings, 2), expected("", 2, 16))).isLessThan(1e-6f);
    }
  }

  @Test
  @DisplayName("cut texts at the window, or sooner if asked to")
  void cutTexts() {
    String text = "the river runs on and on and on and on and on and on and on";
    try (INDArray window = encoder.embed(List.of(text));
        INDArray sooner = encoder.embed(List.of(text), 7)) {
      assertThat(Difference.largest(row(window, 0), expected(text, 16, 16))).isLessThan(1e-6f);
      assertThat(Difference.largest(row(sooner, 0), expected(text, 7, 7))).isLessThan(1e-6f);
    }
  }

  @Test
  @DisplayName("keep the order of the texts, in any number of batches")
  void order() {
    String[] words = {"river", "mill", "stone", "bridge", "north", "slow", "old"};
    List<String> texts =
        IntStream.range(0, 600)
            .mapToObj(i -> (words[i % 7] + " of ").repeat(i % 5) + words[i / 7 % 7])
            .toList();
    try (INDArray all = encoder.embed(texts)) {
      for (int i : new int[] {0, 1, 299, 437, 599}) {
        try (INDArray alone = encoder.embed(texts.subList(i, i + 1))) {
          assertThat(Difference.largest(row(all, i), row(alone, 0))).isLessThan(1e-6f);
        }
      }
    }
  }

  @Test
  @DisplayName("have the length 1, so that their dot product is their cosine")
  void lengthOne() {
    try (INDArray embeddings = encoder.embed(TinyBert.TEXTS)) {
      for (int i = 0; i < TinyBert.TEXTS.size(); i++) {
        double square = 0;
        for (float value : row(embeddings, i)) {
          square += value * value;
        }
        assertThat(square).isCloseTo(1, within(1e-6));
      }
    }
  }

  @Test
  @DisplayName("are not made of what cannot be embedded")
  void wrongInput() {
    assertThatThrownBy(() -> encoder.embed(List.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("texts must not be empty");
    assertThatThrownBy(() -> encoder.embed(Arrays.asList("a", null)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("texts[1]");
    assertThatThrownBy(() -> encoder.embed(List.of("a"), 17))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("maxTokens")
        .hasMessageContaining("16")
        .hasMessageContaining("17");
    assertThatThrownBy(() -> encoder.embed(List.of("a"), 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("maxTokens must be from 2");
  }

  @Test
  @DisplayName("stop when the thread is interrupted")
  void interrupted() {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> encoder.embed(List.of("a bridge")))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
    } finally {
      Thread.interrupted();
    }
  }
}
