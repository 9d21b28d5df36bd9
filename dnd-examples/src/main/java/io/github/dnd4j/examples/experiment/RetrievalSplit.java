package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.internal.Checks;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A benchmark's questions, some to tune an adapter on and others to measure it with. No question of
 * the one side is on the other.
 *
 * @param tuning the pairs to tune on
 * @param test the task to measure with
 */
public record RetrievalSplit(List<TextPair> tuning, RetrievalTask test) {

  /**
   * Copies the values.
   *
   * @param tuning the pairs to tune on
   * @param test the task to measure with
   */
  public RetrievalSplit {
    tuning = List.copyOf(Checks.notNull(tuning, "tuning"));
    Checks.notNull(test, "test");
  }

  /**
   * A benchmark that has a file of its own for tests. What is in both files is for the test only.
   *
   * @param name the benchmark's name
   * @param tuning the pairs to tune on
   * @param test the pairs to select a task of
   * @param questions how many questions the task has at most
   * @param seed decides which
   * @return the split; the pairs to tune on are in the order in which they were given
   */
  public static RetrievalSplit ofFiles(
      String name, RetrievalPairs tuning, RetrievalPairs test, int questions, long seed) {
    Set<String> tested =
        test.pairs().stream()
            .map(pair -> RetrievalPairs.comparable(pair.anchor()))
            .collect(Collectors.toSet());
    return new RetrievalSplit(
        tuning.pairs().stream()
            .filter(pair -> !tested.contains(RetrievalPairs.comparable(pair.anchor())))
            .toList(),
        RetrievalTask.select(name, test.pairs(), questions, seed));
  }

  /**
   * A benchmark of one file: its pairs are shuffled, the first half, the smaller one, is to measure
   * with and the second to tune on.
   *
   * @param name the benchmark's name
   * @param pairs all pairs
   * @param questions how many questions the task has at most
   * @param seed decides about the halves and the selection
   * @return the split
   */
  public static RetrievalSplit ofHalves(
      String name, RetrievalPairs pairs, int questions, long seed) {
    List<TextPair> shuffled = RetrievalTask.shuffled(pairs.pairs(), seed);
    int half = shuffled.size() / 2;
    return new RetrievalSplit(
        shuffled.subList(half, shuffled.size()),
        RetrievalTask.select(name, shuffled.subList(0, half), questions, seed));
  }
}
