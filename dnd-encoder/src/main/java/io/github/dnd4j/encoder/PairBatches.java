package io.github.dnd4j.encoder;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Batches of pairs without end: all pairs in a random order, as many batches as they fill, and then
 * in another order.
 */
final class PairBatches {

  private final List<int[]> anchors;
  private final List<int[]> positives;
  private final int size;
  private final Random random;
  private final List<Integer> order;
  private int next;

  /**
   * Makes batches.
   *
   * @param anchors tokens of the pairs' first texts
   * @param positives tokens of their second texts
   * @param size pairs per batch, at most as many as there are
   * @param seed of the random order
   */
  PairBatches(List<int[]> anchors, List<int[]> positives, int size, long seed) {
    this.anchors = anchors;
    this.positives = positives;
    this.size = size;
    this.random = new Random(seed);
    this.order = new ArrayList<>(IntStream.range(0, anchors.size()).boxed().toList());
    this.next = anchors.size();
  }

  /** The most tokens that a batch can have. */
  long mostTokens() {
    return IntStream.range(0, anchors.size())
        .map(pair -> -anchors.get(pair).length - positives.get(pair).length)
        .sorted()
        .limit(size)
        .mapToLong(tokens -> -tokens)
        .sum();
  }

  /** The next batch: the anchors of its pairs, and then their positives. */
  TokenBatch next() {
    if (next + size > order.size()) {
      Collections.shuffle(order, random);
      next = 0;
    }
    List<Integer> chosen = order.subList(next, next + size);
    next += size;
    List<int[]> texts = new ArrayList<>();
    chosen.forEach(pair -> texts.add(anchors.get(pair)));
    chosen.forEach(pair -> texts.add(positives.get(pair)));
    return TokenBatch.of(texts);
  }
}
