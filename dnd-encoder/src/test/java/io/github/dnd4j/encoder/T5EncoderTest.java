package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What callers may and may not do with a T5 encoder. */
class T5EncoderTest {

  private T5Encoder encoder;

  @BeforeEach
  void open(@TempDir Path directory) {
    encoder = T5Encoder.load(new TinyT5(directory, TinyT5.RELU).directory());
  }

  @AfterEach
  void close() {
    encoder.close();
  }

  private INDArray encode(List<String> texts, int length) {
    return encoder.encode(texts, length, ProgressListener.NONE);
  }

  /** More than fit into one batch, all different. */
  private static List<String> manyTexts() {
    String[] words = {"river", "mill", "stone", "bridge", "north", "slow", "old"};
    return IntStream.range(0, 250)
        .mapToObj(i -> words[i % 7] + " of " + words[i / 7 % 7] + " and" + " on".repeat(i / 49))
        .toList();
  }

  @Test
  void aTextGivesTheSameAloneAndAmongOthers() {
    List<String> texts = manyTexts();
    try (INDArray all = encode(texts, 16)) {
      for (int i : new int[] {0, 101, 249}) {
        try (INDArray alone = encode(List.of(texts.get(i)), 16);
            INDArray among = all.tensorAlongDimension(i, 1, 2).dup('c')) {
          assertThat(Difference.largest(among, alone)).isLessThan(1e-5f);
        }
      }
    }
  }

  @Test
  void repeatedTextsStandWhereTheyShould() {
    try (INDArray all = encode(List.of("a bridge", "the old mill", "a bridge"), 16);
        INDArray bridge = encode(List.of("a bridge"), 16)) {
      for (int i = 0; i < 3; i++) {
        try (INDArray text = all.tensorAlongDimension(i, 1, 2).dup('c')) {
          float difference = Difference.largest(text, bridge);
          if (i == 1) {
            assertThat(difference).isGreaterThan(0.1f);
          } else {
            assertThat(difference).isLessThan(1e-5f);
          }
        }
      }
    }
  }

  @Test
  void aTextThatIsTooLongLosesItsEndButNotItsLastSpecialToken() {
    // Five ids: four words and </s>.
    try (INDArray fits = encode(List.of("the old mill bridge"), 5);
        INDArray cut = encode(List.of("the old mill bridge and the river and so on and on"), 5);
        INDArray differs = encode(List.of("the old mill river"), 5)) {
      assertThat(fits.shape()).containsExactly(1, 5, 24);
      assertThat(Difference.largest(cut, fits)).isZero();
      assertThat(Difference.largest(differs, fits)).isGreaterThan(0.1f);
    }
  }

  @Test
  void oneTokenIsTheEndOfTheText() {
    try (INDArray text = encode(List.of("the old mill bridge"), 1);
        INDArray empty = encode(List.of(""), 1)) {
      assertThat(text.shape()).containsExactly(1, 1, 24);
      assertThat(Difference.largest(text, empty)).isZero();
    }
  }

  /** Longer than a batch; tokens of a row of equal words differ by where they are only. */
  @Test
  void hasNoLargestWindow() {
    String text = "river ".repeat(3000).strip();
    try (INDArray states = encode(List.of(text), 2000);
        INDArray longer = encode(List.of(text), 2001)) {
      assertThat(states.shape()).containsExactly(1, 2000, 24);
      assertThat(Difference.largest(states, states)).isZero(); // NaN, were there one
      assertThat(longer.shape()).containsExactly(1, 2001, 24);
    }
  }

  @Test
  void takesTextsOfAllKinds() {
    List<String> texts =
        List.of(
            "",
            " \n\t ",
            "\uD83D\uDE80 \uD83C\uDF0D",
            "\u6CB3\u6D41\u5411\u5317\u3002",
            "half a pair: \uD83D",
            "zero\u0000byte",
            "the river runs on and on. ".repeat(20_000));
    try (INDArray states = encode(texts, 32)) {
      assertThat(states.shape()).containsExactly(texts.size(), 32, 24);
      assertThat(Difference.largest(states, states)).isZero(); // NaN, were there one
    }
  }
}
