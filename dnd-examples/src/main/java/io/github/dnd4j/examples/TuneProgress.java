package io.github.dnd4j.examples;

import io.github.dnd4j.encoder.TuningListener;
import io.github.dnd4j.encoder.TuningStep;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how tuning goes: on a terminal as a bar, else as a line now and then. */
final class TuneProgress implements TuningListener, AutoCloseable {

  /** How many lines a tuning has, about, where nobody looks at a bar. */
  private static final int LINES = 6;

  private final PrintWriter out;
  private final boolean visible = Boolean.getBoolean("dnd.progress");
  private ProgressBar bar;

  TuneProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void onStep(TuningStep step) {
    String state =
        String.format(Locale.ROOT, "loss %.4f, accuracy %.3f", step.loss(), step.accuracy());
    if (visible) {
      show(step, state);
    } else if (isDue(step)) {
      out.println("step " + step.step() + " of " + step.steps() + ": " + state);
      out.flush();
    }
  }

  private void show(TuningStep step, String state) {
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("tuning")
              .setInitialMax(step.steps())
              .setStyle(ProgressBarStyle.ASCII)
              .build();
    }
    bar.setExtraMessage(state);
    bar.stepTo(step.step());
    if (step.step() == step.steps()) {
      close();
    }
  }

  private static boolean isDue(TuningStep step) {
    int every = Math.max(1, step.steps() / LINES);
    return step.step() == 1 || step.step() % every == 0 || step.step() == step.steps();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
