package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What {@link PromptEncoder} promises, whichever encoder it is. The test class of an encoder
 * extends this one and says how to open a small encoder and what is special about it.
 */
abstract class PromptEncoderContract {

  private PromptEncoder encoder;

  /**
   * Opens a small encoder; every test opens one and closes it.
   *
   * @param directory an empty directory for its files
   */
  abstract PromptEncoder open(Path directory);

  /** Text lengths that the encoder takes, all of them large enough for padding after "a". */
  abstract List<Integer> textLengths();

  /** The smallest text length, which is what the special tokens of a text need, or 1. */
  abstract int smallestTextLength();

  /** How many positions the text "a" takes, special tokens included. */
  abstract int positionsOfA();

  /** Whether padding is rows of zeros; else its hidden states are computed as all others. */
  abstract boolean paddingIsZero();

  /** Text lengths that the encoder refuses, beside those that are too small for all. */
  List<Integer> refusedTextLengths() {
    return List.of();
  }

  /** Methods that only this encoder has, called with arguments that it takes. */
  List<Consumer<PromptEncoder>> furtherMethods() {
    return List.of();
  }

  @BeforeEach
  void openEncoder(@TempDir Path directory) {
    encoder = open(directory);
  }

  @AfterEach
  void closeEncoder() {
    encoder.close();
  }

  private int length() {
    return textLengths().get(0);
  }

  private INDArray encode(List<String> texts, int length) {
    return encoder.encode(texts, length, ProgressListener.NONE);
  }

  private float[] values(List<String> texts) {
    try (INDArray condition = encode(texts, length())) {
      return HostFloats.toArray(condition);
    }
  }

  /** Texts of several lengths, all different. */
  private static List<String> texts(int count) {
    String[] words = {"river", "mill", "stone", "bridge", "north", "slow", "old"};
    return IntStream.range(0, count)
        .mapToObj(i -> "the " + words[i % 7] + " of ".repeat(i % 4) + words[i / 7 % 7] + " " + i)
        .toList();
  }

  @Test
  void theConditionHasTheShapeAskedFor() {
    for (int length : textLengths()) {
      for (int count : new int[] {1, 3}) {
        try (INDArray condition = encode(texts(count), length)) {
          assertThat(condition.shape()).containsExactly(count, length, encoder.dimension());
        }
      }
    }
  }

  @Test
  void theConditionIsFloatInRowOrderWithMemoryOfItsOwn() {
    INDArray condition = encode(texts(2), length());

    assertThat(condition.dataType()).isEqualTo(DataType.FLOAT);
    assertThat(condition.ordering()).isEqualTo('c');
    assertThat(HostFloats.accepts(condition)).as("contiguous").isTrue();
    assertThat(condition.isView()).as("a view").isFalse();
    assertThat(condition.data().length()).isEqualTo(condition.length());
    assertThat(condition.closeable()).isTrue();
    condition.close();
    assertThat(condition.wasClosed()).isTrue();
  }

  @Test
  void theConditionOutlivesAWorkspaceOfTheCaller() {
    WorkspaceConfiguration configuration =
        WorkspaceConfiguration.builder().initialSize(1 << 20).build();
    INDArray condition;
    try (MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "CALLER")) {
      condition = encode(texts(2), length());
      assertThat(workspace.isScopeActive()).isTrue();
    } finally {
      Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
    }

    assertThat(condition.isAttached()).isFalse();
    assertThat(HostFloats.toArray(condition)).isEqualTo(values(texts(2)));
    condition.close();
  }

  @Test
  void allNumbersAreFinite() {
    List<String> texts =
        List.of(
            "",
            " \n\t ",
            "\uD83D\uDE80 \uD83C\uDF0D",
            "\u6CB3\u6D41\u5411\u5317\u3002",
            "half a pair: \uD83D",
            "zero\u0000byte",
            "the river runs on and on. ".repeat(1000));

    for (float value : values(texts)) {
      assertThat(Float.isFinite(value)).isTrue();
    }
  }

  @Test
  void differentTextsGiveDifferentConditions() {
    assertThat(values(List.of("the river"))).isNotEqualTo(values(List.of("the bridge")));
  }

  @Test
  void theSameTextsGiveTheSameBytes() {
    assertThat(values(texts(9))).isEqualTo(values(texts(9)));
  }

  @Test
  void anotherEncoderOfTheSameFilesGivesTheSameBytes(@TempDir Path elsewhere) {
    float[] first = values(texts(5));

    try (PromptEncoder other = open(elsewhere);
        INDArray condition = other.encode(texts(5), length(), ProgressListener.NONE)) {
      assertThat(HostFloats.toArray(condition)).isEqualTo(first);
      assertThat(other.spec()).isEqualTo(encoder.spec());
    }
  }

  @Test
  void paddingIsWhatTheDocumentationSays() {
    int width = encoder.dimension();
    for (int length : textLengths()) {
      float[] states;
      try (INDArray condition = encode(List.of("a"), length)) {
        states = HostFloats.toArray(condition);
      }
      for (int row = 0; row < length; row++) {
        float[] position = Arrays.copyOfRange(states, row * width, (row + 1) * width);
        boolean zero = Arrays.equals(position, new float[width]);
        boolean padding = row >= positionsOfA();
        assertThat(zero).as("zeros at %d of %d", row, length).isEqualTo(padding && paddingIsZero());
      }
    }
  }

  @Test
  void aTextGivesTheSameAloneAndAmongOthers() {
    List<String> texts = texts(60);
    float[] all = values(texts);
    int size = length() * encoder.dimension();

    for (int i : new int[] {0, 29, 59}) {
      float[] among = Arrays.copyOfRange(all, i * size, (i + 1) * size);
      assertThat(Difference.largest(values(List.of(texts.get(i))), among)).isLessThan(1e-5f);
    }
  }

  @Test
  void repeatedTextsStandWhereTheyShould() {
    float[] all = values(List.of("a bridge", "the old mill", "a bridge"));
    int size = all.length / 3;

    float[] first = Arrays.copyOfRange(all, 0, size);
    float[] last = Arrays.copyOfRange(all, 2 * size, all.length);
    assertThat(Difference.largest(first, last)).isLessThan(1e-5f);
    assertThat(Difference.largest(values(List.of("a bridge")), first)).isLessThan(1e-5f);
    assertThat(Difference.largest(values(List.of("a bridge")), last)).isLessThan(1e-5f);
  }

  @Test
  void aTextThatIsTooLongLosesItsEnd() {
    String fits = "the old ".repeat(length());

    assertThat(values(List.of(fits + "mill and bridge"))).isEqualTo(values(List.of(fits)));
  }

  @Test
  void refusesTextLengthsThatAreTooSmall() {
    for (int length : new int[] {0, -1, Integer.MIN_VALUE, smallestTextLength() - 1}) {
      assertThatThrownBy(() -> encode(texts(1), length))
          .as("length %d", length)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("textLength")
          .hasMessageContaining(Integer.toString(length));
    }
  }

  @Test
  void takesTheSmallestTextLength() {
    try (INDArray condition = encode(texts(1), smallestTextLength())) {
      assertThat(condition.size(1)).isEqualTo(smallestTextLength());
    }
  }

  @Test
  void refusesTextLengthsThatItsWindowDoesNotAllow() {
    for (int length : refusedTextLengths()) {
      assertThatThrownBy(() -> encode(texts(1), length))
          .as("length %d", length)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("textLength")
          .hasMessageContaining(Integer.toString(length));
    }
  }

  @Test
  void refusesMissingArguments() {
    assertThatThrownBy(() -> encode(null, length()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("prompts");
    assertThatThrownBy(() -> encode(List.of(), length()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("prompts");
    assertThatThrownBy(() -> encode(Arrays.asList("a", null), length()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("prompts[1]");
    assertThatThrownBy(() -> encoder.encode(texts(1), length(), null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("progress");
  }

  @Test
  void worksOnAfterARefusal() {
    float[] before = values(texts(2));
    assertThatThrownBy(() -> encode(List.of(), length())).isInstanceOf(InvalidInputException.class);

    assertThat(values(texts(2))).isEqualTo(before);
  }

  @Test
  void tellsHowManyTextsAreDone() {
    List<Long> done = new ArrayList<>();
    List<Long> totals = new ArrayList<>();
    ProgressListener listener =
        (count, total) -> {
          done.add(count);
          totals.add(total);
        };

    encoder.encode(texts(60), length(), listener).close();

    assertThat(done).isNotEmpty().isSorted().last().isEqualTo(60L);
    assertThat(totals).containsOnly(60L);
  }

  @Test
  void anInterruptedThreadGetsAnErrorAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> encode(texts(3), length()))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void anInterruptHurtsNoLaterCall() {
    float[] before = values(texts(3));
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> encode(texts(3), length())).isInstanceOf(DragAndDropException.class);
    } finally {
      Thread.interrupted();
    }

    assertThat(values(texts(3))).isEqualTo(before);
  }

  @Test
  void twoThreadsAtOnceGetTheSameBytes() throws Exception {
    float[] expected = values(texts(20));
    CyclicBarrier start = new CyclicBarrier(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<float[]>> results = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        results.add(
            threads.submit(
                () -> {
                  start.await();
                  return values(texts(20));
                }));
      }
      for (Future<float[]> result : results) {
        assertThat(result.get()).isEqualTo(expected);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void itsSpecNamesModelDimensionAndWeights() {
    ComponentSpec spec = encoder.spec();

    assertThat(spec.type()).isNotBlank();
    assertThat(spec.require("model")).isNotBlank();
    assertThat(spec.require("dimension")).isEqualTo(Integer.toString(encoder.dimension()));
    assertThat(spec.require("sha256")).matches("[0-9a-f]{64}");
    encode(texts(2), length()).close();
    assertThat(encoder.spec()).isEqualTo(spec);
  }

  @Test
  void closingTwiceDoesNothing() {
    encoder.close();
    encoder.close();
  }

  @Test
  void anyOtherUseAfterClosingIsAnError() {
    encoder.close();

    List<Consumer<PromptEncoder>> uses = new ArrayList<>(furtherMethods());
    uses.add(PromptEncoder::dimension);
    uses.add(PromptEncoder::spec);
    uses.add(open -> open.encode(texts(1), length(), ProgressListener.NONE));
    for (Consumer<PromptEncoder> use : uses) {
      assertThatThrownBy(() -> use.accept(encoder))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("closed");
    }
  }
}
