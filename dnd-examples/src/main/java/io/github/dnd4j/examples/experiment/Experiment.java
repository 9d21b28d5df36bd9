package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.encoder.LoraTuner;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.encoder.TextPair;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.training.TaskData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A Drag-and-Drop experiment with all-MiniLM-L6-v2 as the target: data sets are held out in turn, a
 * generator is trained on the adapters of the others, and the adapter that it makes of the held-out
 * set's questions is compared with those that one would have without it.
 *
 * <ol>
 *   <li><b>collect</b>: an adapter of each set is tuned on its tuning side, and one of each of its
 *       topics, with snapshots of the last steps; sets may bring their own adapters along,
 *   <li><b>train</b>: a generator of all sets but the held-out one,
 *   <li><b>generate</b>: adapters of random draws of the held-out set's questions (from the tuning
 *       side, without answers), and as a control of questions of all training sets mixed and of the
 *       one whose questions are the farthest,
 *   <li><b>score</b>: everything on the held-out set's test,
 *   <li><b>report</b>: {@code report.md}, {@code report.csv} and {@code report.png}, after every
 *       held-out set.
 * </ol>
 *
 * <p>At the end a generator of all sets may be trained, to be shipped.
 *
 * <p>Every stage leaves its result as a file. What is there already for the same settings is not
 * done again; an experiment that was stopped goes on where it was.
 */
public final class Experiment {

  private final ExperimentSettings settings;
  private final GeneratorTraining training;
  private final ExperimentListener listener;

  /** By the name of the set, what generators can learn from: the set itself and its topics. */
  private final Map<String, List<TuningTask>> tasks = new LinkedHashMap<>();

  /** By the name of the task, what its adapters depend on. */
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
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2()) {
      sets.forEach(set -> tasks.put(set.name(), collect(set, encoder)));
      holdOut(sets, encoder);
      settings.shipped().ifPresent(this::ship);
    }
  }

  private void holdOut(List<ExperimentSet> sets, SentenceEncoder encoder) {
    List<Fold.Outcome> outcomes = new ArrayList<>();
    PromptNeighbours neighbours = new PromptNeighbours(encoder);
    for (String name : settings.heldOut()) {
      outcomes.add(fold(name, sets).run(encoder, neighbours));
      ExperimentReport.write(settings, outcomes, tuningSeconds);
      listener.onMessage("report of " + outcomes.size() + " of " + settings.heldOut().size());
    }
  }

  private Fold fold(String name, List<ExperimentSet> sets) {
    ExperimentSet heldOut =
        sets.stream().filter(set -> set.name().equals(name)).findFirst().orElseThrow();
    List<ExperimentSet> others = sets.stream().filter(set -> !set.name().equals(name)).toList();
    List<TuningTask> learned =
        others.stream().flatMap(set -> tasks.get(set.name()).stream()).toList();
    return new Fold(settings, heldOut, others, learned, training, adapterHashes, listener);
  }

  /** A generator of all sets, in half the size. */
  private void ship(Path destination) {
    List<TuningTask> all = tasks.values().stream().flatMap(List::stream).toList();
    GeneratorStage stage =
        new GeneratorStage(
            "all",
            settings.folder().resolve("all"),
            all,
            List.copyOf(tasks.keySet()),
            adapterHashes,
            training);
    stage.run(listener);
    try (DragAndDrop generator = DragAndDrop.load(stage.generator())) {
      generator.save(destination, WeightPrecision.BF16);
    }
    listener.onMessage("generator of all sets: " + destination);
  }

  /** Tunes what is to be tuned of a set, and says what generators can learn from. */
  private List<TuningTask> collect(ExperimentSet set, SentenceEncoder encoder) {
    List<TuningTask> collected = new ArrayList<>(List.of(set.whole()));
    if (set.topics() > 1) {
      collected.addAll(topics(set, encoder));
    }
    if (set.tuned()) {
      tuningSeconds.put(set.name(), tuneStage(set.whole(), encoder));
    } else {
      List<Path> found = TaskData.checkpointsIn(set.whole().checkpoints());
      listener.onMessage("collect " + set.name() + ": " + found.size() + " adapters brought along");
      adapterHashes.put(set.name(), found.toString());
    }
    collected.stream().skip(1).forEach(topic -> tuneStage(topic, encoder));
    return List.copyOf(collected);
  }

  private List<TuningTask> topics(ExperimentSet set, SentenceEncoder encoder) {
    List<List<TextPair>> topics =
        TopicSplit.of(encoder, set.whole().pairs(), set.topics(), settings.seed()).stream()
            .filter(topic -> topic.size() >= settings.tuning().batchSize())
            .toList();
    listener.onMessage(
        "topics of " + set.name() + ": " + topics.stream().map(List::size).toList() + " questions");
    return IntStream.range(0, topics.size())
        .mapToObj(
            i -> {
              String name = set.name() + "." + (i + 1);
              Path checkpoints = ExperimentSet.adapters(settings, name);
              return TuningTask.of(name, topics.get(i), checkpoints, settings);
            })
        .toList();
  }

  /** Tunes a task's adapters, unless that is done; the seconds that it took. */
  private double tuneStage(TuningTask task, SentenceEncoder encoder) {
    Stage stage =
        new Stage(
            "collect " + task.name(),
            settings.folder().resolve("adapters").resolve(task.name() + ".json"),
            List.of(
                "collect",
                encoder.spec().toString(),
                settings.tuning().toString(),
                ExperimentSet.hash(task.pairs())),
            List.of(task.checkpoints()));
    adapterHashes.put(task.name(), stage.hash());
    return stage.run(Collected.class, listener, () -> tune(task, encoder)).seconds();
  }

  private Collected tune(TuningTask task, SentenceEncoder encoder) {
    ExperimentSettings.Tuning tuning = settings.tuning();
    LoraTuner tuner =
        tuning
            .tuner(encoder)
            .snapshots(task.checkpoints(), tuning.snapshots())
            .listener(listener)
            .build();
    long start = System.nanoTime();
    try (LoraAdapter adapter = tuner.tune(task.pairs())) {
      return new Collected((System.nanoTime() - start) / 1e9);
    }
  }
}
