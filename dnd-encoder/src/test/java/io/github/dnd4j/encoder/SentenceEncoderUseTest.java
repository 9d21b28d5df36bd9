package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What callers may and may not do with an encoder. */
class SentenceEncoderUseTest {

  private SentenceEncoder encoder;

  @BeforeEach
  void open(@TempDir Path directory) {
    encoder = SentenceEncoder.load(new TinyBert(directory).directory());
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
        .mapToObj(i -> words[i % 7] + " of " + words[i / 7 % 7] + " and " + words[i / 49])
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
  void aTextThatIsTooLongLosesItsEndButNotItsLastSpecialToken() {
    // Six ids: [CLS], four words, [SEP].
    try (INDArray fits = encode(List.of("the old mill bridge"), 6);
        INDArray cut = encode(List.of("the old mill bridge and the river and so on and on"), 6);
        INDArray differs = encode(List.of("the old mill river"), 6)) {
      assertThat(fits.shape()).containsExactly(1, 6, TinyBert.HIDDEN);
      assertThat(Difference.largest(cut, fits)).isZero();
      assertThat(Difference.largest(differs, fits)).isGreaterThan(0.1f);
    }
  }

  @Test
  void takesTextsOfAllKinds() {
    String longText = "the river runs on and on. ".repeat(20_000);
    List<String> texts =
        List.of(
            "",
            " \n\t ",
            "\uD83D\uDE80 \uD83C\uDF0D",
            "\u6CB3\u6D41\u5411\u5317\u3002",
            "half a pair: \uD83D",
            "zero\u0000byte",
            longText);
    try (INDArray states = encode(texts, 32)) {
      assertThat(states.shape()).containsExactly(texts.size(), 32, TinyBert.HIDDEN);
      assertThat(Difference.largest(states, states)).isZero(); // NaN, were there one
    }
  }

  @Test
  void anInterruptedThreadStopsBetweenBatches() {
    List<Long> done = new ArrayList<>();
    ProgressListener interruptor =
        (count, total) -> {
          done.add(count);
          Thread.currentThread().interrupt();
        };

    try {
      assertThatThrownBy(() -> encoder.encode(manyTexts(), 16, interruptor))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
      assertThat(done).hasSize(1);
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void rejectsWhatCannotBeEncoded() {
    assertThatThrownBy(() -> encode(List.of(), 16))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("prompts must not be empty");
    assertThatThrownBy(() -> encode(Arrays.asList("a", null), 16))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("prompts[1]");
    assertThatThrownBy(() -> encode(List.of("a"), 0))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("textLength");
    assertThatThrownBy(() -> encode(List.of("a"), 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least 2");
    assertThatThrownBy(() -> encode(List.of("a"), 40))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("multiple")
        .hasMessageContaining("16")
        .hasMessageContaining("40");
  }

  @Test
  void leavesTheApplicationsPropertiesAlone() {
    assertThat(System.getProperty("ai.djl.offline")).isNull();
  }
}
