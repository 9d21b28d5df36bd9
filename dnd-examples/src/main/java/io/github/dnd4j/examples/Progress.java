package io.github.dnd4j.examples;

import io.github.dnd4j.GenerationListener;
import io.github.dnd4j.spi.ProgressListener;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows progress bars on a terminal, and nothing where nobody looks at one. */
final class Progress implements GenerationListener, AutoCloseable {

  private static final Map<Stage, String> NAMES =
      new EnumMap<>(
          Map.of(
              Stage.ENCODE, "encoding prompts",
              Stage.DECODE, "decoding weights",
              Stage.DETOKENIZE, "making the adapter"));

  private final boolean visible;
  private final Map<Stage, Duration> durations = new EnumMap<>(Stage.class);
  private ProgressBar bar;

  /** Bars on standard error, if that is a terminal: bin/dnd knows and says so by a property. */
  Progress() {
    this.visible = Boolean.getBoolean("dnd.progress");
  }

  /** A listener that fills a bar of its own. */
  ProgressListener task(String name) {
    return (done, total) -> show(name, done, total);
  }

  @Override
  public void onProgress(Stage stage, long done, long total) {
    show(NAMES.get(stage), done, total);
  }

  @Override
  public void onStageFinished(Stage stage, Duration duration) {
    durations.put(stage, duration);
    close();
  }

  private void show(String name, long done, long total) {
    if (!visible) {
      return;
    }
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .clearDisplayOnFinish()
              .build();
    }
    bar.stepTo(done);
  }

  /** Prints how long the stages took. */
  void printDurations(PrintWriter out) {
    durations.forEach(
        (stage, duration) ->
            out.printf(
                Locale.ROOT, "  %-19s %8.2f s%n", NAMES.get(stage), duration.toNanos() / 1e9));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
