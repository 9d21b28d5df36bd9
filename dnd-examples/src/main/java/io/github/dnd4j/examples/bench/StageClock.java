package io.github.dnd4j.examples.bench;

import io.github.dnd4j.spi.ProgressListener;
import java.util.ArrayList;
import java.util.List;

/** Takes the times between the layers of a decoder. */
final class StageClock implements ProgressListener {

  private final List<Double> seconds = new ArrayList<>();
  private long last;

  @Override
  public void onProgress(long done, long total) {
    long now = System.nanoTime();
    if (done > 0) {
      seconds.add((now - last) / 1e9);
    }
    last = now;
  }

  /** The whole run, begun at a reading of {@link System#nanoTime()}, with the layers' times. */
  Run runSince(long start) {
    return new Run(Run.since(start).seconds(), List.copyOf(seconds));
  }
}
