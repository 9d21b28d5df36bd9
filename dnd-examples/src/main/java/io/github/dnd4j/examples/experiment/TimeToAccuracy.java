package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TuningStep;
import io.github.dnd4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How long it takes to generate an adapter, against how long it takes to tune one until it is as
 * good: both on the same machine, in the same run, after a warm-up. Looking how good the tuned one
 * is by now is not counted, nor is labelling the data, which only tuning needs; saving it after
 * each step is, some milliseconds.
 */
final class TimeToAccuracy {

  /** After how many steps to look how good the tuned adapter is. */
  private static final int[] LOOKS = {
    1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 26, 32, 40, 50, 60, 80, 100
  };

  private static final int WARM_UP_STEPS = 3;
  private static final int REPETITIONS = 5;

  private final SentenceEncoder encoder;
  private final ExperimentSettings.Tuning tuning;
  private final TuningTask task;
  private final RetrievalTask test;

  /** How good a tuned adapter is after some time. */
  record Point(int step, double seconds, double accuracy) {}

  /**
   * What it comes to.
   *
   * @param accuracy of the generated adapter, the mean of its draws
   * @param generateSeconds the median of several generations
   * @param points the tuned adapter, until it is as good or its steps are over; the first is the
   *     bare encoder
   */
  record Result(double accuracy, double generateSeconds, List<Point> points) {

    /** The last point; as good as the generated adapter, unless tuning never gets there. */
    Point last() {
      return points.get(points.size() - 1);
    }
  }

  TimeToAccuracy(
      SentenceEncoder encoder,
      ExperimentSettings.Tuning tuning,
      TuningTask task,
      RetrievalTask test) {
    this.encoder = encoder;
    this.tuning = tuning;
    this.task = task;
    this.test = test;
  }

  /**
   * Measures.
   *
   * @param generator makes the adapter
   * @param prompts of them
   * @param accuracy what the adapter comes to
   * @param folder for the tuned adapters of every step
   */
  Result measure(DragAndDrop generator, List<String> prompts, double accuracy, Path folder) {
    double generateSeconds = generateSeconds(generator, prompts);
    tune(WARM_UP_STEPS, folder.resolve("warm-up"));
    List<Double> seconds = tune(tuning.steps(), folder);
    List<Point> points = new ArrayList<>();
    points.add(new Point(0, 0, RetrievalScore.of(encoder, test).accuracy().value()));
    for (int step : looks()) {
      if (points.get(points.size() - 1).accuracy() >= accuracy) {
        break;
      }
      points.add(new Point(step, seconds.get(step - 1), accuracy(folder.resolve("" + step))));
    }
    return new Result(accuracy, generateSeconds, points);
  }

  private int[] looks() {
    return IntStream.concat(IntStream.of(LOOKS), IntStream.of(tuning.steps()))
        .filter(step -> step <= tuning.steps())
        .distinct()
        .sorted()
        .toArray();
  }

  private static double generateSeconds(DragAndDrop generator, List<String> prompts) {
    generator.generate(prompts).close();
    return IntStream.range(0, REPETITIONS)
        .mapToDouble(
            repetition -> {
              long start = System.nanoTime();
              generator.generate(prompts).close();
              return (System.nanoTime() - start) / 1e9;
            })
        .sorted()
        .skip(REPETITIONS / 2)
        .findFirst()
        .orElseThrow();
  }

  /** The seconds until the end of each step. */
  private List<Double> tune(int steps, Path folder) {
    List<Double> seconds = new ArrayList<>();
    long start = System.nanoTime();
    tuning
        .tuner(encoder)
        .steps(steps)
        .snapshots(folder, steps)
        .listener((TuningStep step) -> seconds.add((System.nanoTime() - start) / 1e9))
        .build()
        .tune(task.pairs())
        .close();
    return seconds;
  }

  private double accuracy(Path checkpoint) {
    try (LoraAdapter adapter = LoraAdapter.load(checkpoint)) {
      return RetrievalScore.of(encoder, adapter, test).accuracy().value();
    }
  }
}
