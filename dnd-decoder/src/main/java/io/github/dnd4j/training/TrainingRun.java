package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import io.github.dnd4j.training.DragAndDropTrainer.Plan;
import io.github.dnd4j.training.DragAndDropTrainer.Result;
import io.github.dnd4j.training.DragAndDropTrainer.RunParts;
import io.github.dnd4j.training.RunDirectory.Checkpoint;
import io.github.dnd4j.training.TrainerListener.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a {@link DragAndDropTrainer}, from its first or resumed step to its last. */
final class TrainingRun {

  private static final Logger log = LoggerFactory.getLogger(TrainingRun.class);

  /** Nanoseconds; a collection takes about 15 ms. */
  private static final long COLLECTION_INTERVAL = 500_000_000;

  private static final String BEST_LOSS = "best loss";
  private static final String BEST_STEP = "best step";
  private static final String INTERVAL_LOSS = "interval loss";
  private static final String INTERVAL_STEPS = "interval steps";
  private static final String LAST_LOSS = "last loss";

  private final RunParts parts;
  private final Plan plan;
  private final TrainingSettings settings;
  private final HyperConvDecoder decoder;
  private final RunDirectory directory;

  /** What the run is: a checkpoint of another one is refused. */
  private Map<String, String> identity;

  private long lastCollection = System.nanoTime();
  private int step;
  private int savedStep = -1;
  private double lastLoss = Double.NaN;
  private double bestLoss = Double.POSITIVE_INFINITY;
  private int bestStep;

  /** The training losses since the last regular checkpoint. */
  private double intervalLoss;

  private int intervalSteps;

  /** What a run gives beside the decoder's weights. */
  record Outcome(Map<String, String> provenance, Optional<TrainingPrompts> trainingPrompts) {}

  TrainingRun(RunParts parts, Plan plan, TrainingSettings settings) {
    this.parts = parts;
    this.plan = plan;
    this.settings = settings;
    this.decoder = parts.decoder();
    this.directory = plan.directory();
  }

  /** Trains, says how the decoder came about, and what prompts it was trained on. */
  Outcome run() {
    if (directory != null) {
      directory.removeLeftovers();
    }
    CriterionWeights criterion = criterion();
    identity = identity(criterion);
    Path conditions = directory == null ? null : directory.conditions();
    int textLength = decoder.conditionShape().textLength();
    Optional<TrainingPrompts> trainingPrompts;
    try (ConditionCache cache =
            ConditionCache.open(parts.encoder(), textLength, plan.conditionMemory(), conditions);
        DecoderOptimizer optimizer =
            new DecoderOptimizer(decoder, criterion, settings.optimizer())) {
      resume(optimizer);
      prepareConditions(cache);
      train(optimizer, cache);
      trainingPrompts = uninterrupted(() -> trainingPrompts(cache));
    } finally {
      decoder.weightsChanged();
    }
    if (plan.result() == Result.BEST) {
      decoder.replaceWeights(directory.best());
    }
    return new Outcome(provenance(), trainingPrompts);
  }

  private Optional<TrainingPrompts> trainingPrompts(ConditionCache cache) {
    Optional<TrainingPrompts> remembered =
        new PromptDraws(
                cache,
                settings.batches().form(),
                decoder.conditionShape().prompts(),
                settings.batches().seed())
            .remember(plan.remembered());
    if (remembered.isEmpty()) {
      log.info(
          "the generator will not tell novel prompts: that takes two data sets whose prompts differ"
              + " and of which one has two prompts or more");
    }
    return remembered.map(memory -> memory.withChangeNorm(changeNorm(plan.remembered())));
  }

  /** The mean over data sets of the norm of the change that their last checkpoint makes. */
  private static double changeNorm(PromptCheckpointDataset dataset) {
    return dataset.tasks().stream()
        .mapToDouble(task -> changeNorm(task.checkpoints().get(task.checkpoints().size() - 1)))
        .average()
        .orElseThrow();
  }

  private static double changeNorm(Path checkpoint) {
    try (LoraAdapter adapter = LoraAdapter.load(checkpoint)) {
      return LoraGeometry.norm(adapter);
    }
  }

  private CriterionWeights criterion() {
    if (parts.criterion() != null) {
      return parts.criterion();
    }
    // Without a checkpoint the folder may be another run's that never came to one.
    if (directory != null
        && directory.latest().isPresent()
        && Files.exists(directory.criterion())) {
      return CriterionWeights.load(directory.criterion());
    }
    CriterionWeights criterion = CriterionWeights.mean(criterionOfTasks());
    if (directory != null) {
      criterion.save(directory.criterion());
    }
    return criterion;
  }

  private List<CriterionWeights> criterionOfTasks() {
    List<CriterionWeights> weights = new ArrayList<>();
    long total = parts.dataset().checkpointCount();
    long before = 0;
    for (TaskData task : parts.dataset().tasks()) {
      long offset = before;
      weights.add(
          CriterionWeights.of(
              task.checkpoints(),
              parts.tokenizer(),
              (done, all) -> plan.listener().onProgress(Stage.CRITERION, offset + done, total),
              this::onBadCheckpoint));
      before += task.checkpoints().size();
    }
    return weights;
  }

  /** Those that are left out are reported when their turn in training comes. */
  private void onBadCheckpoint(Path checkpoint, DragAndDropException error) {
    if (settings.batches().badCheckpoints() == BadCheckpoints.STOP) {
      throw new DragAndDropException(
          "the checkpoint " + checkpoint + " cannot be used: " + error.getMessage(), error);
    }
  }

  private Map<String, String> identity(CriterionWeights criterion) {
    Map<String, String> map = settings.toMap();
    map.put("data sets", parts.dataset().fingerprint());
    map.put("encoder", parts.encoder().spec().toString());
    map.put("decoder", decoder.spec().toString());
    map.put(
        "target",
        Hashes.sha256(
            List.of(
                parts.target().name(),
                parts.target().config().toString(),
                parts.target().modules().toString())));
    map.put("scale encoding", parts.scaleEncoding().toString());
    map.put("criterion weights", criterion.fingerprint());
    return map;
  }

  private void resume(DecoderOptimizer optimizer) {
    if (directory == null || directory.latest().isEmpty()) {
      return;
    }
    Checkpoint checkpoint = directory.latest().orElseThrow();
    Map<String, String> state = checkpoint.state();
    checkSameRun(state, checkpoint.directory());
    checkpoint.restore(decoder, optimizer.state());
    step = checkpoint.step();
    lastLoss = RunDirectory.number(state, LAST_LOSS, checkpoint.directory());
    bestLoss = RunDirectory.number(state, BEST_LOSS, checkpoint.directory());
    bestStep = (int) RunDirectory.number(state, BEST_STEP, checkpoint.directory());
    intervalLoss = RunDirectory.number(state, INTERVAL_LOSS, checkpoint.directory());
    intervalSteps = (int) RunDirectory.number(state, INTERVAL_STEPS, checkpoint.directory());
    log.info("resuming after step {} from {}", step, checkpoint.directory());
  }

  private void checkSameRun(Map<String, String> state, Path where) {
    List<String> differences = new ArrayList<>();
    identity.forEach(
        (key, value) -> {
          if (!value.equals(state.get(key))) {
            differences.add(key + " " + state.get(key) + " there, " + value + " here");
          }
        });
    if (!differences.isEmpty()) {
      throw new InvalidInputException(
          where
              + " belongs to another training run ("
              + String.join("; ", differences)
              + "): resume it with its own settings and data, or choose another run directory");
    }
  }

  /** All at once if nearly all will be needed anyway: then it is known how long it takes. */
  private void prepareConditions(ConditionCache cache) {
    Set<String> texts = settings.batches().form().texts(parts.dataset());
    long draws =
        (long) (settings.steps() - step)
            * settings.itemsPerStep()
            * decoder.conditionShape().prompts();
    if (draws >= texts.size()) {
      cache.prepare(texts, this::onPrepared);
    }
  }

  private void onPrepared(long done, long total) {
    plan.listener().onProgress(Stage.CONDITIONS, done, total);
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException(
          "training was interrupted after "
              + done
              + " of "
              + total
              + " prompts were encoded"
              + (directory == null ? "" : ", which are kept for the next start"));
    }
  }

  private void train(DecoderOptimizer optimizer, ConditionCache cache) {
    ComputationGraph graph = decoder.graph();
    Collection<TrainingListener> before = List.copyOf(graph.getListeners());
    plan.networkListeners().forEach(graph::addListeners);
    long firstItem = (long) step * settings.itemsPerStep();
    long batches = (long) (settings.steps() - step) * settings.optimizer().accumulation();
    try (BatchAssembler assembler = assembler(parts.dataset(), cache, settings.batches());
        BatchPrefetcher prefetcher =
            new BatchPrefetcher(assembler, firstItem, settings.batchSize(), batches);
        Validator validator = validator(cache)) {
      plan.listener().onStart(step, settings.steps());
      while (step < settings.steps()) {
        makeStep(optimizer, prefetcher);
        afterStep(optimizer, validator);
      }
    } finally {
      graph.setListeners(before);
    }
  }

  private BatchAssembler assembler(
      PromptCheckpointDataset dataset, ConditionCache cache, BatchSettings batches) {
    return new BatchAssembler(
        dataset,
        cache,
        parts.target(),
        parts.scaleEncoding(),
        decoder.conditionShape().prompts(),
        batches,
        Runtime.getRuntime().maxMemory() / 4,
        plan.listener()::onBadCheckpoint);
  }

  private Validator validator(ConditionCache cache) {
    if (parts.validation() == null) {
      return null;
    }
    BatchAssembler assembler =
        assembler(parts.validation(), cache, settings.batches().withoutChance());
    return new Validator(assembler, plan.validationItems(), settings.batchSize());
  }

  private void makeStep(DecoderOptimizer optimizer, BatchPrefetcher prefetcher) {
    if (Thread.interrupted()) {
      stop(optimizer);
    }
    long start = System.nanoTime();
    tellEpochs();
    DecoderOptimizer.Outcome outcome;
    try {
      outcome = optimizer.step(step, prefetcher::next);
    } catch (DragAndDropException e) {
      if (Thread.interrupted()) {
        stop(optimizer);
      }
      throw e;
    }
    collectGarbage();
    step++;
    lastLoss = outcome.loss().loss();
    intervalLoss += lastLoss;
    intervalSteps++;
    plan.listener()
        .onStep(
            new TrainingStep(
                step,
                settings.steps(),
                epochOf(step - 1),
                lastLoss,
                outcome.learningRate(),
                outcome.gradientNorm(),
                outcome.loss().generatedL2(),
                outcome.loss().realL2(),
                settings.itemsPerStep(),
                Duration.ofNanos(System.nanoTime() - start)));
  }

  /**
   * ND4J keeps some small native memory for every operation until its Java object is collected. The
   * heap hardly grows, so that would be seldom, and meanwhile these pieces break up the free native
   * memory: without collections a process was seen to grow by 90 MB a step.
   */
  private void collectGarbage() {
    long now = System.nanoTime();
    if (now - lastCollection > COLLECTION_INTERVAL) {
      System.gc();
      lastCollection = System.nanoTime();
    }
  }

  private long epochOf(int aStep) {
    return (long) aStep * settings.itemsPerStep() / parts.dataset().checkpointCount();
  }

  /** DL4J's listeners hear of epochs: passes over all checkpoints. */
  private void tellEpochs() {
    ComputationGraph graph = decoder.graph();
    graph.getConfiguration().setEpochCount(Math.toIntExact(epochOf(step)));
    if (step > 0 && epochOf(step) != epochOf(step - 1)) {
      graph.getListeners().forEach(listener -> listener.onEpochEnd(graph));
    }
    if (step == 0 || epochOf(step) != epochOf(step - 1)) {
      graph.getListeners().forEach(listener -> listener.onEpochStart(graph));
    }
  }

  private void afterStep(DecoderOptimizer optimizer, Validator validator) {
    boolean last = step == settings.steps();
    if (validator != null && (last || step % plan.validateEvery() == 0)) {
      validate(optimizer, validator);
    }
    if (last || step % plan.checkpointEvery() == 0) {
      if (validator == null) {
        keepIfBest(intervalLoss / intervalSteps);
      }
      intervalLoss = 0;
      intervalSteps = 0;
      saveCheckpoint(optimizer);
    }
  }

  private void validate(DecoderOptimizer optimizer, Validator validator) {
    MaskedLoss.Result result = uninterrupted(() -> validator.validate(optimizer));
    boolean best = keepIfBest(result.loss());
    plan.listener()
        .onValidation(
            new Validation(step, result.loss(), result.generatedL2(), result.realL2(), best));
  }

  private boolean keepIfBest(double loss) {
    if (!(loss < bestLoss)) {
      return false;
    }
    bestLoss = loss;
    bestStep = step;
    if (directory != null) {
      uninterrupted(
          () -> {
            decoder.save(directory.best());
            return directory.best();
          });
    }
    return true;
  }

  private void saveCheckpoint(DecoderOptimizer optimizer) {
    if (directory == null) {
      return;
    }
    Map<String, String> state = new TreeMap<>(identity);
    state.put(LAST_LOSS, Double.toString(lastLoss));
    state.put(BEST_LOSS, Double.toString(bestLoss));
    state.put(BEST_STEP, Integer.toString(bestStep));
    state.put(INTERVAL_LOSS, Double.toString(intervalLoss));
    state.put(INTERVAL_STEPS, Integer.toString(intervalSteps));
    Path where = uninterrupted(() -> save(optimizer, state));
    plan.listener().onCheckpoint(step, where);
    directory.prune(plan.keptCheckpoints());
    savedStep = step;
  }

  /**
   * Does what belongs to the step that was just made and is not to be broken off, such as writing a
   * file, which an interruption would close: if one came in between, all is done again, and the
   * flag is up only afterwards.
   */
  private static <T> T uninterrupted(Supplier<T> work) {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return work.get();
        } catch (DragAndDropException e) {
          if (!Thread.interrupted()) {
            throw e;
          }
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Path save(DecoderOptimizer optimizer, Map<String, String> state) {
    try {
      return directory.save(step, decoder, optimizer.state(), state);
    } catch (FileAccessException e) {
      throw new FileAccessException(
          "the run stops, as the checkpoint of step "
              + step
              + " cannot be written ("
              + e.getMessage()
              + "). Its last one is "
              + directory.latest().map(last -> "of step " + last.step()).orElse("not there yet")
              + ": start it again to go on from there",
          e);
    }
  }

  /** Ends the run because its thread was interrupted. */
  private void stop(DecoderOptimizer optimizer) {
    String advice = "without a run directory it cannot be resumed";
    if (directory != null) {
      if (savedStep != step) {
        saveCheckpoint(optimizer);
      }
      advice = "start it again with the same run directory to go on from there";
    }
    Thread.currentThread().interrupt();
    throw new DragAndDropException(
        "training was interrupted after step " + step + " of " + settings.steps() + ": " + advice);
  }

  private Map<String, String> provenance() {
    Map<String, String> provenance = new TreeMap<>();
    settings.toMap().forEach((key, value) -> provenance.put("training " + key, value));
    provenance.put(
        "training data sets",
        parts.dataset().tasks().stream().map(Objects::toString).collect(Collectors.joining(", ")));
    provenance.put("training data fingerprint", parts.dataset().fingerprint());
    provenance.put("training last loss", Double.toString(lastLoss));
    if (bestStep > 0) {
      provenance.put("training best loss", bestLoss + " after step " + bestStep);
    }
    provenance.put("training result", plan.result().name());
    return provenance;
  }
}
