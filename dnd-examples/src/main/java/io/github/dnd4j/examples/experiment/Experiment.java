package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.encoder.LoraTuner;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.training.TaskData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A Drag-and-Drop experiment with all-MiniLM-L6-v2 as the target: data sets are held out in turn, a
 * generator is trained on the adapters of the others, and the adapter that it makes of the held-out
 * set's questions is compared with those that one would have without it.
 *
 * <ol>
 *   <li><b>collect</b>: an adapter of each set is tuned on its tuning side, with snapshots of the
 *       last steps; left out for sets that bring adapters along,
 *   <li><b>train</b>: a generator of all sets but the held-out one,
 *   <li><b>generate</b>: adapters of random draws of the held-out set's questions (from the tuning
 *       side, without answers), and as a control of questions of all training sets mixed and of the
 *       one whose questions are the farthest,
 *   <li><b>score</b>: everything on the held-out set's test,
 *   <li><b>report</b>: {@code report.md}, {@code report.csv} and {@code report.png}, after every
 *       held-out set.
 * </ol>
 *
 * <p>Every stage leaves its result as a file. What is there already for the same settings is not
 * done again; an experiment that was stopped goes on where it was.
 */
public final class Experiment {

  private final ExperimentSettings settings;
  private final GeneratorTraining training;
  private final ExperimentListener listener;

  /** By the name of the set, what its adapters depend on. */
  private final Map<String, String> adapterHashes = new LinkedHashMap<>();

  /** By the name of the set, how long it took to tune its adapter, if the experiment did it. */
  private final Map<String, Double> tuningSeconds = new LinkedHashMap<>();

  /** How long tuning took. */
  record Collected(double seconds) {}

  /**
   * Puts an experiment together.
   *
   * @param settings what it compares
   * @param training how generators are trained
   * @param listener hears how it goes
   */
  public Experiment(
      ExperimentSettings settings, GeneratorTraining training, ExperimentListener listener) {
    this.settings = settings;
    this.training = training;
    this.listener = listener;
  }

  /**
   * Runs what is left to do.
   *
   * @throws io.github.dnd4j.DragAndDropException if a file is missing or broken, if something
   *     cannot be written, or if the thread is interrupted
   */
  public void run() {
    List<ExperimentSet> sets =
        settings.sets().keySet().stream().map(name -> ExperimentSet.read(name, settings)).toList();
    List<Fold.Outcome> outcomes = new ArrayList<>();
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2()) {
      sets.forEach(set -> collect(set, encoder));
      PromptNeighbours neighbours = new PromptNeighbours(encoder);
      for (String name : settings.heldOut()) {
        outcomes.add(fold(name, sets).run(encoder, neighbours));
        ExperimentReport.write(settings, outcomes, tuningSeconds);
        listener.onMessage("report of " + outcomes.size() + " of " + settings.heldOut().size());
      }
    }
  }

  private Fold fold(String name, List<ExperimentSet> sets) {
    ExperimentSet heldOut =
        sets.stream().filter(set -> set.name().equals(name)).findFirst().orElseThrow();
    List<ExperimentSet> others = sets.stream().filter(set -> !set.name().equals(name)).toList();
    return new Fold(settings, heldOut, others, training, adapterHashes, listener);
  }

  private void collect(ExperimentSet set, SentenceEncoder encoder) {
    if (!set.tuned()) {
      List<Path> found = TaskData.checkpointsIn(set.checkpoints());
      listener.onMessage("collect " + set.name() + ": " + found.size() + " adapters brought along");
      adapterHashes.put(set.name(), found.toString());
      return;
    }
    Stage stage =
        new Stage(
            "collect " + set.name(),
            settings.folder().resolve("adapters").resolve(set.name() + ".json"),
            List.of(
                "collect",
                encoder.spec().toString(),
                settings.tuning().toString(),
                ExperimentSet.hash(set.split().tuning())),
            List.of(set.checkpoints()));
    Collected collected =
        stage.run(Collected.class, listener, () -> tune(set, encoder, settings.tuning()));
    adapterHashes.put(set.name(), stage.hash());
    tuningSeconds.put(set.name(), collected.seconds());
  }

  private Collected tune(
      ExperimentSet set, SentenceEncoder encoder, ExperimentSettings.Tuning tuning) {
    LoraTuner tuner =
        LoraTuner.builder(encoder)
            .steps(tuning.steps())
            .batchSize(tuning.batchSize())
            .learningRate(tuning.learningRate())
            .warmupSteps(tuning.warmupSteps())
            .maxTokens(RetrievalScore.MAX_TOKENS)
            .batchSeed(tuning.seed())
            .snapshots(set.checkpoints(), tuning.snapshots())
            .listener(listener)
            .build();
    long start = System.nanoTime();
    try (LoraAdapter adapter = tuner.tune(set.split().tuning())) {
      return new Collected((System.nanoTime() - start) / 1e9);
    }
  }
}
