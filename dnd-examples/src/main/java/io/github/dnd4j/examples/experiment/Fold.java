package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.GenerationOptions;
import io.github.dnd4j.PromptNovelty;
import io.github.dnd4j.Provenance;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.diagnosis.AdapterMap;
import io.github.dnd4j.examples.experiment.Contender.Kind;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.training.TaskData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** One round of leave-one-out: a generator of all sets but one, and how it does on that one. */
final class Fold {

  private final ExperimentSettings settings;
  private final ExperimentSet heldOut;
  private final List<ExperimentSet> others;
  private final Path folder;
  private final GeneratorStage training;
  private final ExperimentListener listener;

  /** By the name of the set, what its adapters depend on. */
  private final Map<String, String> adapterHashes;

  /**
   * Which sets are near and far, how long it takes to generate one adapter, how novel the held-out
   * set's prompts are by what the generator remembers, and by how much it therefore scales the
   * adapter of each draw if it is asked to. (A generator that remembers nothing says nothing.)
   */
  record Generated(
      String nearest,
      String unrelated,
      double secondsEach,
      List<Double> novelty,
      List<Double> strength) {}

  /** All scores of a held-out set. */
  record Scored(List<Contender> contenders) {

    /** Those of one kind. */
    List<Contender> of(Kind kind) {
      return contenders.stream().filter(contender -> contender.kind() == kind).toList();
    }
  }

  /**
   * Where the adapters lie by the distance of their dW.
   *
   * @param picture a PNG file
   * @param explained which share of the squared distances it shows, from 0 to 1
   */
  record Mapped(String picture, double explained) {}

  /** What a fold comes to. */
  record Outcome(
      String heldOut,
      int questions,
      int tuningPairs,
      GeneratorStage.Trained trained,
      Generated generated,
      Scored scored,
      Mapped mapped,
      Optional<TimeToAccuracy.Result> timeToAccuracy) {}

  Fold(
      ExperimentSettings settings,
      ExperimentSet heldOut,
      List<ExperimentSet> others,
      List<TuningTask> tasks,
      GeneratorTraining training,
      Map<String, String> adapterHashes,
      ExperimentListener listener) {
    this.settings = settings;
    this.heldOut = heldOut;
    this.others = others;
    this.folder = settings.folder().resolve("folds").resolve(heldOut.name());
    this.training =
        new GeneratorStage(
            heldOut.name(),
            folder,
            tasks,
            others.stream().map(ExperimentSet::name).toList(),
            adapterHashes,
            training);
    this.adapterHashes = adapterHashes;
    this.listener = listener;
  }

  Outcome run(SentenceEncoder encoder, PromptNeighbours neighbours) {
    GeneratorStage.Trained trained = training.run(listener);
    List<String> order = neighbours.order(heldOut, others);
    Stage generate = generateStage(training.stage(), order);
    Generated generated = generate.run(Generated.class, listener, () -> generate(order));
    Stage score = scoreStage(generate, encoder);
    Scored scored = score.run(Scored.class, listener, () -> score(encoder, generated));
    Mapped mapped = mapStage(generate).run(Mapped.class, listener, this::map);
    return new Outcome(
        heldOut.name(),
        heldOut.test().pairs().size(),
        heldOut.whole().pairs().size(),
        trained,
        generated,
        scored,
        mapped,
        settings.timeToAccuracy()
            ? Optional.of(timeToAccuracy(score, scored, encoder))
            : Optional.empty());
  }

  private Stage stage(String what, List<String> depends, Path... outputs) {
    return new Stage(
        what + " " + heldOut.name(), folder.resolve(what + ".json"), depends, List.of(outputs));
  }

  private Stage generateStage(Stage train, List<String> order) {
    return stage(
        "generate",
        List.of(
            "generate",
            train.hash(),
            Hashes.sha256(heldOut.prompts()),
            order.toString(),
            settings.draws() + " " + settings.seed(),
            "scaled too"),
        folder.resolve("generated"));
  }

  private Generated generate(List<String> order) {
    String unrelated = order.get(order.size() - 1);
    Map<Kind, List<String>> pools = new LinkedHashMap<>();
    pools.put(Kind.GENERATED, heldOut.prompts());
    pools.put(Kind.MIXED_PROMPTS, mixedPrompts());
    pools.put(Kind.UNRELATED_PROMPTS, named(unrelated).prompts());
    long nanoseconds = 0;
    List<Double> novelties = new ArrayList<>();
    List<Double> strengths = new ArrayList<>();
    try (DragAndDrop generator = DragAndDrop.load(training.generator())) {
      for (Map.Entry<Kind, List<String>> pool : pools.entrySet()) {
        for (int draw = 1; draw <= settings.draws(); draw++) {
          List<String> prompts = draw(pool.getValue(), generator, draw);
          long start = System.nanoTime();
          try (LoraAdapter adapter = generator.generate(prompts, GenerationOptions.defaults())) {
            nanoseconds += System.nanoTime() - start;
            adapter.save(generated(pool.getKey(), draw));
            Optional<PromptNovelty> novelty = PromptNovelty.of(adapter);
            if (pool.getKey() == Kind.GENERATED && novelty.isPresent()) {
              novelties.add(novelty.get().score());
              strengths.add(generateScaled(generator, prompts, draw));
            }
          }
        }
      }
    }
    return new Generated(
        order.get(0),
        unrelated,
        nanoseconds / 1e9 / pools.size() / settings.draws(),
        novelties,
        strengths);
  }

  /** Generates the same adapter, scaled by its prompts' novelty; says by how much. */
  private double generateScaled(DragAndDrop generator, List<String> prompts, int draw) {
    GenerationOptions scaled = GenerationOptions.defaults().withScaledByNovelty(true);
    try (LoraAdapter adapter = generator.generate(prompts, scaled)) {
      adapter.save(generated(Kind.SCALED, draw));
      return Provenance.strengthOf(adapter).orElseThrow();
    }
  }

  /** Equally many of each training set, so that no large one prevails. */
  private List<String> mixedPrompts() {
    int each = others.stream().mapToInt(set -> set.prompts().size()).min().orElseThrow();
    return others.stream().flatMap(set -> set.prompts().stream().limit(each)).toList();
  }

  private ExperimentSet named(String name) {
    return others.stream().filter(set -> set.name().equals(name)).findFirst().orElseThrow();
  }

  /** As many prompts as the generator takes, or all in another order if there are fewer. */
  private List<String> draw(List<String> pool, DragAndDrop generator, int draw) {
    List<String> shuffled = new ArrayList<>(pool);
    Collections.shuffle(shuffled, new Random(31 * settings.seed() + draw));
    int count = Math.min(generator.conditionShape().prompts(), shuffled.size());
    return List.copyOf(shuffled.subList(0, count));
  }

  private Path generated(Kind kind, int draw) {
    String name = nameOf(kind).replace(' ', '-');
    return folder.resolve("generated").resolve(name + "-" + draw);
  }

  private static String nameOf(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private Stage scoreStage(Stage generate, SentenceEncoder encoder) {
    return stage(
        "score",
        List.of(
            "score",
            generate.hash(),
            encoder.spec().toString(),
            ExperimentSet.hash(heldOut.test().pairs()),
            adapterHashes.get(heldOut.name())));
  }

  private Scored score(SentenceEncoder encoder, Generated generated) {
    RetrievalTask task = heldOut.test();
    Scorer scorer = new Scorer(encoder, task);
    scorer.scoreBare();
    for (ExperimentSet set : others) {
      scorer.score(Kind.TRAINING, set.name(), set.whole().lastCheckpoint());
    }
    scorer.scoreMean(
        Kind.MEAN_OF_WEIGHTS, others.stream().map(set -> set.whole().lastCheckpoint()).toList());
    List<Path> draws = new ArrayList<>();
    for (Kind kind : List.of(Kind.GENERATED, Kind.MIXED_PROMPTS, Kind.UNRELATED_PROMPTS)) {
      for (int draw = 1; draw <= settings.draws(); draw++) {
        scorer.score(kind, Integer.toString(draw), generated(kind, draw));
        if (kind == Kind.GENERATED) {
          draws.add(generated(kind, draw));
        }
      }
    }
    for (int draw = 1; draw <= generated.strength().size(); draw++) {
      scorer.score(Kind.SCALED, Integer.toString(draw), generated(Kind.SCALED, draw));
    }
    scorer.scoreMean(Kind.MEAN_OF_DRAWS, draws);
    scorer.score(Kind.OWN, "", heldOut.whole().lastCheckpoint());
    return new Scored(scorer.contenders());
  }

  private Stage mapStage(Stage generate) {
    return stage(
        "map",
        List.of("map", generate.hash(), adapterHashes.get(heldOut.name())),
        mapFile(".png"),
        mapFile(".csv"));
  }

  private Path mapFile(String extension) {
    return folder.resolve("adapters" + extension);
  }

  /** All adapters of the sets, among them the held-out one, and those that were generated. */
  private Mapped map() {
    Map<String, AdapterMap.Item> items = new LinkedHashMap<>();
    for (ExperimentSet set : others) {
      addCheckpoints(items, set.name(), set);
    }
    addCheckpoints(items, heldOut.name() + " (held out)", heldOut);
    for (Kind kind : List.of(Kind.GENERATED, Kind.SCALED, Kind.UNRELATED_PROMPTS)) {
      for (int draw = 1; draw <= settings.draws(); draw++) {
        Path adapter = generated(kind, draw);
        if (Files.exists(adapter)) { // a generator that remembers nothing does not scale
          items.put(adapter.getFileName().toString(), new AdapterMap.Item(nameOf(kind), adapter));
        }
      }
    }
    AdapterMap map = AdapterMap.of(items);
    map.write(mapFile(".png"), mapFile(".csv"));
    Path picture = settings.folder().relativize(mapFile(".png"));
    return new Mapped(picture.toString().replace('\\', '/'), map.explained());
  }

  private static void addCheckpoints(
      Map<String, AdapterMap.Item> items, String group, ExperimentSet set) {
    for (Path checkpoint : TaskData.checkpointsIn(set.whole().checkpoints())) {
      items.put(
          set.name() + " " + checkpoint.getFileName(), new AdapterMap.Item(group, checkpoint));
    }
  }

  private TimeToAccuracy.Result timeToAccuracy(
      Stage score, Scored scored, SentenceEncoder encoder) {
    Path tuned = folder.resolve("tuned-step-by-step");
    Stage stage =
        stage(
            "time-to-accuracy",
            List.of("time-to-accuracy", score.hash(), settings.tuning().toString()),
            tuned);
    return stage.run(
        TimeToAccuracy.Result.class,
        listener,
        () -> {
          try (DragAndDrop generator = DragAndDrop.load(training.generator())) {
            return new TimeToAccuracy(encoder, settings.tuning(), heldOut.whole(), heldOut.test())
                .measure(
                    generator,
                    draw(heldOut.prompts(), generator, 1),
                    Contender.mean(scored.of(Kind.GENERATED)).accuracy().value(),
                    tuned);
          }
        });
  }
}
