package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.training.TrainerListener;
import io.github.dnd4j.training.TrainingStep;
import io.github.dnd4j.training.Validation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows a training run: on a terminal as a bar with loss, learning rate, speed and time left, else
 * as a line now and then.
 */
final class TrainProgress implements TrainerListener, AutoCloseable {

  /** How many lines a run has, about, where nobody looks at a bar. */
  private static final int LINES = 20;

  private final PrintWriter out;
  private final boolean visible = Boolean.getBoolean("dnd.progress");
  private final Progress preparation = new Progress();
  private ProgressBar bar;
  private double secondsPerStep;

  TrainProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void onProgress(Stage stage, long done, long total) {
    String name = stage == Stage.CRITERION ? "criterion weights" : "encoding prompts";
    preparation.task(name).onProgress(done, total);
    if (done == total) {
      preparation.close();
    }
  }

  @Override
  public void onStart(int step, int steps) {
    preparation.close();
    if (step > 0) {
      out.println("resuming after step " + step + " of " + steps);
    }
    if (visible) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("training")
              .setInitialMax(steps)
              .startsFrom(step, java.time.Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setSpeedUnit(java.time.temporal.ChronoUnit.SECONDS)
              .showSpeed()
              .build();
    }
  }

  @Override
  public void onStep(TrainingStep step) {
    double seconds = step.duration().toNanos() / 1e9;
    secondsPerStep = secondsPerStep == 0 ? seconds : 0.9 * secondsPerStep + 0.1 * seconds;
    String state =
        String.format(
            Locale.ROOT,
            "loss %.4f, rate %.2e, L2 %.3f of %.3f",
            step.loss(),
            step.learningRate(),
            step.generatedL2(),
            step.realL2());
    if (bar != null) {
      bar.setExtraMessage(state);
      bar.stepTo(step.step());
    } else if (isDue(step)) {
      out.printf(
          Locale.ROOT,
          "step %d of %d: %s, %.2f s a step, %.0f s left%n",
          step.step(),
          step.steps(),
          state,
          secondsPerStep,
          secondsPerStep * (step.steps() - step.step()));
      out.flush();
    }
  }

  private static boolean isDue(TrainingStep step) {
    int every = Math.max(1, step.steps() / LINES);
    return step.step() == 1 || step.step() % every == 0 || step.step() == step.steps();
  }

  @Override
  public void onValidation(Validation validation) {
    say(
        String.format(
            Locale.ROOT,
            "step %d: validation loss %.4f%s, L2 %.3f of %.3f",
            validation.step(),
            validation.loss(),
            validation.best() ? " (best)" : "",
            validation.generatedL2(),
            validation.realL2()));
  }

  @Override
  public void onBadCheckpoint(Path checkpoint, DragAndDropException error) {
    say("skipping " + checkpoint + ": " + error.getMessage());
  }

  /** A line above the bar. */
  private void say(String line) {
    if (bar != null) {
      out.print("\r\u001b[K");
    }
    out.println(line);
    out.flush();
  }

  @Override
  public void close() {
    preparation.close();
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
