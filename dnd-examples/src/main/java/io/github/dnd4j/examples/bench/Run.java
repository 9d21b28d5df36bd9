package io.github.dnd4j.examples.bench;

import java.util.List;

/**
 * One run of what is measured.
 *
 * @param seconds how long it took
 * @param stageSeconds how long each of its stages did; empty if it has none
 */
record Run(double seconds, List<Double> stageSeconds) {

  static Run of(double seconds) {
    return new Run(seconds, List.of());
  }

  /** A run from a reading of {@link System#nanoTime()} until now. */
  static Run since(long start) {
    return of((System.nanoTime() - start) / 1e9);
  }
}
