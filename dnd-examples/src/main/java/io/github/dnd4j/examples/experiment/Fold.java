package io.github.dnd4j.examples.experiment;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.GenerationOptions;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.experiment.Contender.Kind;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.training.PromptCheckpointDataset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** One round of leave-one-out: a generator of all sets but one, and how it does on that one. */
final class Fold {

  private final ExperimentSettings settings;
  private final ExperimentSet heldOut;
  private final List<ExperimentSet> others;
  private final Path folder;
  private final GeneratorTraining training;
  private final ExperimentListener listener;

  /** By the name of the set, what its adapters depend on. */
  private final Map<String, String> adapterHashes;

  /** How the training of a generator went; seconds are those of the last attempt. */
  record Trained(double seconds) {}

  /** Which sets are near and far, and how long it takes to generate one adapter. */
  record Generated(String nearest, String unrelated, double secondsEach) {}

  /** All scores of a held-out set. */
  record Scored(List<Contender> contenders) {

    /** Those of one kind. */
    List<Contender> of(Kind kind) {
      return contenders.stream().filter(contender -> contender.kind() == kind).toList();
    }
  }

  /** What a fold comes to. */
  record Outcome(
      String heldOut,
      int questions,
      int tuningPairs,
      Trained trained,
      Generated generated,
      Scored scored) {}

  Fold(
      ExperimentSettings settings,
      ExperimentSet heldOut,
      List<ExperimentSet> others,
      GeneratorTraining training,
      Map<String, String> adapterHashes,
      ExperimentListener listener) {
    this.settings = settings;
    this.heldOut = heldOut;
    this.others = others;
    this.folder = settings.folder().resolve("folds").resolve(heldOut.name());
    this.training = training;
    this.adapterHashes = adapterHashes;
    this.listener = listener;
  }

  Outcome run(SentenceEncoder encoder, PromptNeighbours neighbours) {
    Stage train = trainStage();
    Trained trained = train.run(Trained.class, listener, this::train);
    List<String> order = neighbours.order(heldOut, others);
    Stage generate = generateStage(train, order);
    Generated generated = generate.run(Generated.class, listener, () -> generate(order));
    Scored scored = scoreStage(generate, encoder).run(Scored.class, listener, () -> score(encoder));
    return new Outcome(
        heldOut.name(),
        heldOut.split().test().pairs().size(),
        heldOut.split().tuning().size(),
        trained,
        generated,
        scored);
  }

  private Stage stage(String what, List<String> depends, Path... outputs) {
    return new Stage(
        what + " " + heldOut.name(), folder.resolve(what + ".json"), depends, List.of(outputs));
  }

  private Stage trainStage() {
    List<String> depends = new ArrayList<>(List.of("train", training.settings()));
    depends.add(dataset().fingerprint());
    others.forEach(set -> depends.add(adapterHashes.get(set.name())));
    return stage("train", depends, runDirectory(), generator());
  }

  private Path runDirectory() {
    return folder.resolve("run");
  }

  private Path generator() {
    return folder.resolve("generator");
  }

  private PromptCheckpointDataset dataset() {
    return PromptCheckpointDataset.of(others.stream().map(ExperimentSet::trainingData).toList());
  }

  private Trained train() {
    long start = System.nanoTime();
    training.train(dataset(), runDirectory(), generator());
    return new Trained(secondsSince(start));
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private Stage generateStage(Stage train, List<String> order) {
    return stage(
        "generate",
        List.of(
            "generate",
            train.hash(),
            Hashes.sha256(heldOut.prompts()),
            order.toString(),
            settings.draws() + " " + settings.seed()),
        folder.resolve("generated"));
  }

  private Generated generate(List<String> order) {
    String unrelated = order.get(order.size() - 1);
    Map<Kind, List<String>> pools = new LinkedHashMap<>();
    pools.put(Kind.GENERATED, heldOut.prompts());
    pools.put(Kind.MIXED_PROMPTS, mixedPrompts());
    pools.put(Kind.UNRELATED_PROMPTS, named(unrelated).prompts());
    long nanoseconds = 0;
    try (DragAndDrop generator = DragAndDrop.load(generator())) {
      for (Map.Entry<Kind, List<String>> pool : pools.entrySet()) {
        for (int draw = 1; draw <= settings.draws(); draw++) {
          List<String> prompts = draw(pool.getValue(), generator, draw);
          long start = System.nanoTime();
          try (LoraAdapter adapter = generator.generate(prompts, GenerationOptions.defaults())) {
            nanoseconds += System.nanoTime() - start;
            adapter.save(generated(pool.getKey(), draw));
          }
        }
      }
    }
    return new Generated(
        order.get(0), unrelated, nanoseconds / 1e9 / pools.size() / settings.draws());
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
    String name = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    return folder.resolve("generated").resolve(name + "-" + draw);
  }

  private Stage scoreStage(Stage generate, SentenceEncoder encoder) {
    return stage(
        "score",
        List.of(
            "score",
            generate.hash(),
            encoder.spec().toString(),
            ExperimentSet.hash(heldOut.split().test().pairs()),
            adapterHashes.get(heldOut.name())));
  }

  private Scored score(SentenceEncoder encoder) {
    RetrievalTask task = heldOut.split().test();
    Scorer scorer = new Scorer(encoder, task);
    scorer.scoreBare();
    for (ExperimentSet set : others) {
      scorer.score(Kind.TRAINING, set.name(), set.lastCheckpoint());
    }
    scorer.scoreMean(
        Kind.MEAN_OF_WEIGHTS, others.stream().map(ExperimentSet::lastCheckpoint).toList());
    List<Path> draws = new ArrayList<>();
    for (Kind kind : List.of(Kind.GENERATED, Kind.MIXED_PROMPTS, Kind.UNRELATED_PROMPTS)) {
      for (int draw = 1; draw <= settings.draws(); draw++) {
        scorer.score(kind, Integer.toString(draw), generated(kind, draw));
        if (kind == Kind.GENERATED) {
          draws.add(generated(kind, draw));
        }
      }
    }
    scorer.scoreMean(Kind.MEAN_OF_DRAWS, draws);
    scorer.score(Kind.OWN, "", heldOut.lastCheckpoint());
    return new Scored(scorer.contenders());
  }
}
