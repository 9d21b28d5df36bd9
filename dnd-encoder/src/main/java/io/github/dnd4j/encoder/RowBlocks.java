package io.github.dnd4j.encoder;

import java.util.stream.IntStream;

/** Runs work on the rows of a matrix block by block, on all cores. */
final class RowBlocks {

  /** Small enough for a core's cache, large enough to be worth a task. */
  private static final int ROWS = 48;

  /** Work on some rows. */
  @FunctionalInterface
  interface Work {
    /**
     * Does it. Several blocks are worked on at the same time.
     *
     * @param first the first row
     * @param count how many
     */
    void on(int first, int count);
  }

  private RowBlocks() {}

  static void forEach(int rows, Work work) {
    forEach(rows, Integer.MAX_VALUE, work);
  }

  /** The same by the calling thread alone if there is 1 thread. */
  static void forEach(int rows, int threads, Work work) {
    int blocks = (rows + ROWS - 1) / ROWS;
    IntStream all = IntStream.range(0, blocks);
    (threads == 1 ? all : all.parallel())
        .forEach(block -> work.on(block * ROWS, Math.min(ROWS, rows - block * ROWS)));
  }
}
