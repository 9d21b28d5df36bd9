package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Batches of pairs")
class PairBatchesTest {

  private static final int PAIRS = 7;

  /** Pair i is {@code [i, i]} and {@code [100 + i, ...]}, of i + 1 tokens. */
  private static PairBatches batches(int size, long seed) {
    List<int[]> anchors = IntStream.range(0, PAIRS).mapToObj(i -> new int[] {i, i}).toList();
    List<int[]> positives =
        IntStream.range(0, PAIRS)
            .mapToObj(
                i -> {
                  int[] tokens = new int[i + 1];
                  Arrays.fill(tokens, 100 + i);
                  return tokens;
                })
            .toList();
    return new PairBatches(anchors, positives, size, seed);
  }

  private static List<Integer> pairsOf(TokenBatch batch) {
    List<Integer> pairs = new ArrayList<>();
    for (int i = 0; i < batch.texts() / 2; i++) {
      pairs.add(batch.ids()[batch.starts()[i]]);
    }
    return pairs;
  }

  @Test
  @DisplayName("hold the anchors, and then their positives in the same order")
  void anchorsAndPositives() {
    TokenBatch batch = batches(3, 1).next();

    assertThat(batch.texts()).isEqualTo(6);
    for (int i = 0; i < 3; i++) {
      int pair = batch.ids()[batch.starts()[i]];
      assertThat(batch.length(i)).isEqualTo(2);
      assertThat(batch.length(3 + i)).isEqualTo(pair + 1);
      assertThat(batch.ids()[batch.starts()[3 + i]]).isEqualTo(100 + pair);
    }
  }

  @Test
  @DisplayName("have no pair twice before all were due, and then another order")
  void order() {
    PairBatches batches = batches(3, 2);
    List<Integer> first = new ArrayList<>(pairsOf(batches.next()));
    first.addAll(pairsOf(batches.next()));
    List<Integer> second = new ArrayList<>(pairsOf(batches.next()));
    second.addAll(pairsOf(batches.next()));

    assertThat(first).doesNotHaveDuplicates();
    assertThat(second).doesNotHaveDuplicates().isNotEqualTo(first);
  }

  @Test
  @DisplayName("are never longer than they say")
  void mostTokens() {
    PairBatches batches = batches(2, 3);

    assertThat(batches.mostTokens()).isEqualTo(2 + 7 + 2 + 6);
    for (int i = 0; i < 50; i++) {
      assertThat(batches.next().rows()).isLessThanOrEqualTo(17);
    }
  }
}
