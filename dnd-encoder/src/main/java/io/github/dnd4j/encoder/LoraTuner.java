package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.LibraryVersion;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tunes a LoRA adapter of a {@link SentenceEncoder} on pairs of texts that belong together, such as
 * questions and answers, so that each finds its partner by the similarity of {@linkplain
 * SentenceEncoder#embed(List) embeddings}.
 *
 * <pre>{@code
 * LoraTuner tuner = LoraTuner.builder(encoder).steps(60).snapshots(folder, 20).build();
 * try (LoraAdapter adapter = tuner.tune(TextPair.zip(questions, answers));
 *     SentenceEncoder adapted = encoder.withAdapter(adapter)) {
 *   INDArray embeddings = adapted.embed(texts);
 * }
 * }</pre>
 *
 * <p><b>Method.</b> The loss is InfoNCE with in-batch negatives (van den Oord et al., arXiv
 * 1807.03748): with the cosine similarities of all anchors and positives of a batch, divided by the
 * temperature, it is the cross-entropy of each anchor's own positive among all. Equal positives in
 * one batch count as negatives of each other. AdamW in PyTorch's form (betas 0.9 and 0.999, eps
 * 1e-8) changes the adapter; its learning rate rises linearly over the warm-up steps, of which the
 * last has the full one, and stays there. A is drawn uniformly within {@code 1/sqrt(in)} with a
 * seed of its own, so that adapters of several tasks can descend from the same one; B starts at
 * zero. There is no dropout. The encoder's own weights stay as they are.
 *
 * <p><b>Memory, threads, repeatability.</b> Tuning needs, beside the encoder, memory for one
 * batch's activations (for all-MiniLM-L6-v2 about 0.15 MB per token) and a copy of the dense
 * weights. It may run while others use the encoder, and the encoder may be closed meanwhile. The
 * same pairs and settings give the same adapter on the same machine. An interrupted thread stops
 * between two steps.
 */
public final class LoraTuner {

  private final SentenceEncoder encoder;
  private final Builder settings;

  private LoraTuner(Builder settings) {
    this.encoder = settings.encoder;
    this.settings = settings;
  }

  /**
   * A tuner of an encoder, with the default settings.
   *
   * @param encoder the encoder; it stays the caller's
   * @return a builder, all of whose settings are optional
   */
  public static Builder builder(SentenceEncoder encoder) {
    return new Builder(Checks.notNull(encoder, "encoder"));
  }

  /**
   * Tunes a new adapter.
   *
   * @param pairs the pairs, at least two; fewer than the batch size make smaller batches
   * @return the adapter after the last step; the caller closes it
   * @throws InvalidInputException if there are fewer than two pairs or one is null
   * @throws io.github.dnd4j.FileAccessException if a snapshot cannot be written
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   * @throws DragAndDropException if the thread is interrupted, the encoder is closed, or the loss
   *     is no longer a finite number
   */
  public LoraAdapter tune(List<TextPair> pairs) {
    if (Checks.notNull(pairs, "pairs").size() < 2) {
      throw new InvalidInputException(
          "pairs must hold at least two, each other's negatives, but has " + pairs.size());
    }
    for (int i = 0; i < pairs.size(); i++) {
      Checks.notNull(pairs.get(i), "pairs[" + i + "]");
    }
    return NativeMemory.guard("tuning on " + pairs.size() + " pairs", () -> tuneOn(pairs));
  }

  private LoraAdapter tuneOn(List<TextPair> pairs) {
    PairBatches batches =
        new PairBatches(
            encoder.tokenize(pairs.stream().map(TextPair::anchor).toList(), settings.maxTokens),
            encoder.tokenize(pairs.stream().map(TextPair::positive).toList(), settings.maxTokens),
            Math.min(settings.batchSize, pairs.size()),
            settings.batchSeed);
    checkSize(batches.mostTokens());
    LoraParameters parameters =
        LoraParameters.initial(settings.target.modules(), settings.initialSeed);
    Map<String, String> metadata = metadata(pairs.size());
    AdamW optimizer = new AdamW(parameters.values().length, settings.weightDecay);
    try (ContrastiveModel model =
        new ContrastiveModel(
            encoder.config(),
            encoder.shareWeights(),
            settings.target,
            parameters,
            settings.temperature)) {
      for (int step = 1; step <= settings.steps; step++) {
        checkInterrupt(step);
        InfoNce loss = model.run(batches.next());
        checkFinite(loss, step);
        optimizer.step(parameters.values(), model.gradient(), learningRate(step));
        saveSnapshot(step, parameters, metadata);
        settings.listener.onStep(
            new TuningStep(step, settings.steps, loss.loss(), loss.accuracy()));
      }
    }
    return parameters.toAdapter(settings.target.config(), stepOf(settings.steps, metadata));
  }

  /** Java arrays end at 2^31 numbers; that a batch's activations fit into memory is not so sure. */
  private void checkSize(long tokens) {
    BertConfig bert = encoder.config();
    long widest =
        Math.max(3L * bert.hiddenSize(), (long) bert.numAttentionHeads() * settings.maxTokens);
    if (tokens > Integer.MAX_VALUE / widest / 2) {
      throw new InvalidInputException(
          "a batch may have "
              + tokens
              + " tokens, more than the "
              + Integer.MAX_VALUE / widest / 2
              + " that fit: take a smaller batchSize or fewer maxTokens");
    }
    NativeMemory.require(
        ContrastiveModel.bytesFor(bert, settings.target.modules(), tokens),
        "tuning with batches of up to " + tokens + " tokens");
  }

  private double learningRate(int step) {
    return settings.learningRate * Math.min(1, (double) step / Math.max(1, settings.warmupSteps));
  }

  private static void checkInterrupt(int step) {
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException("tuning was interrupted before step " + step);
    }
  }

  private static void checkFinite(InfoNce loss, int step) {
    if (!Double.isFinite(loss.loss())) {
      throw new DragAndDropException(
          "the loss of step "
              + step
              + " is "
              + loss.loss()
              + ": try a smaller learning rate or a higher temperature");
    }
  }

  private void saveSnapshot(int step, LoraParameters parameters, Map<String, String> metadata) {
    if (settings.snapshotFolder != null && step > settings.steps - settings.snapshots) {
      try (LoraAdapter adapter =
          parameters.toAdapter(settings.target.config(), stepOf(step, metadata))) {
        adapter.save(settings.snapshotFolder.resolve(Integer.toString(step)), settings.precision);
      }
    }
  }

  private Map<String, String> metadata(int pairs) {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("dnd4j.version", LibraryVersion.VERSION);
    metadata.put("dnd4j.encoder_sha256", encoder.spec().require(SentenceEncoder.SHA256));
    metadata.put("dnd4j.tuning_pairs", Integer.toString(pairs));
    metadata.put("dnd4j.tuning_batch", Integer.toString(settings.batchSize));
    metadata.put("dnd4j.tuning_tokens", Integer.toString(settings.maxTokens));
    metadata.put("dnd4j.tuning_temperature", Double.toString(settings.temperature));
    metadata.put("dnd4j.tuning_learning_rate", Double.toString(settings.learningRate));
    metadata.put("dnd4j.tuning_warmup", Integer.toString(settings.warmupSteps));
    metadata.put("dnd4j.tuning_weight_decay", Double.toString(settings.weightDecay));
    metadata.put("dnd4j.tuning_initial_seed", Long.toString(settings.initialSeed));
    metadata.put("dnd4j.tuning_batch_seed", Long.toString(settings.batchSeed));
    return metadata;
  }

  private static Map<String, String> stepOf(int step, Map<String, String> metadata) {
    Map<String, String> copy = new TreeMap<>(metadata);
    copy.put("dnd4j.tuning_step", Integer.toString(step));
    return copy;
  }

  /** The settings of a {@link LoraTuner}; all have defaults. */
  public static final class Builder {

    private final SentenceEncoder encoder;
    private LoraTarget target = LoraTargets.MINILM_L6;
    private int batchSize = 32;
    private int maxTokens = 64;
    private double temperature = 0.05;
    private int steps = 60;
    private int warmupSteps = 5;
    private double learningRate = 5e-4;
    private double weightDecay = 0.01;
    private long initialSeed;
    private long batchSeed;
    private Path snapshotFolder;
    private int snapshots;
    private WeightPrecision precision = WeightPrecision.BF16;
    private TuningListener listener = TuningListener.NONE;

    private Builder(SentenceEncoder encoder) {
      this.encoder = encoder;
    }

    /** So that a builder that is used again does not change the tuners that it has built. */
    private Builder(Builder other) {
      encoder = other.encoder;
      target = other.target;
      batchSize = other.batchSize;
      maxTokens = other.maxTokens;
      temperature = other.temperature;
      steps = other.steps;
      warmupSteps = other.warmupSteps;
      learningRate = other.learningRate;
      weightDecay = other.weightDecay;
      initialSeed = other.initialSeed;
      batchSeed = other.batchSeed;
      snapshotFolder = other.snapshotFolder;
      snapshots = other.snapshots;
      precision = other.precision;
      listener = other.listener;
    }

    /**
     * What the adapter changes, and its rank and alpha. Modules are the encoder's dense maps, named
     * as {@link SentenceEncoder#withAdapter} says, or some of them.
     *
     * @param target the target; {@link LoraTargets#MINILM_L6} by default
     * @return this
     */
    public Builder target(LoraTarget target) {
      this.target = Checks.notNull(target, "target");
      return this;
    }

    /**
     * How many pairs a step compares with each other.
     *
     * @param pairs at least 2; 32 by default
     * @return this
     */
    public Builder batchSize(int pairs) {
      if (pairs < 2) {
        throw new InvalidInputException("batchSize must be at least 2, but is " + pairs);
      }
      this.batchSize = pairs;
      return this;
    }

    /**
     * Where texts are cut.
     *
     * @param tokens the most tokens of a text, the special ones included; 64 by default
     * @return this
     */
    public Builder maxTokens(int tokens) {
      this.maxTokens = Checks.positive(tokens, "maxTokens");
      return this;
    }

    /**
     * What cosine similarities are divided by in the loss.
     *
     * @param temperature above 0; 0.05 by default
     * @return this
     */
    public Builder temperature(double temperature) {
      this.temperature = above0(temperature, "temperature");
      return this;
    }

    /**
     * How many batches the adapter is tuned on.
     *
     * @param steps at least 1; 60 by default
     * @return this
     */
    public Builder steps(int steps) {
      this.steps = Checks.positive(steps, "steps");
      return this;
    }

    /**
     * Over how many steps the learning rate rises.
     *
     * @param steps 0 for the full rate from the start; 5 by default
     * @return this
     */
    public Builder warmupSteps(int steps) {
      if (steps < 0) {
        throw new InvalidInputException("warmupSteps must not be negative, but is " + steps);
      }
      this.warmupSteps = steps;
      return this;
    }

    /**
     * The learning rate after the warm-up.
     *
     * @param rate above 0; 5e-4 by default
     * @return this
     */
    public Builder learningRate(double rate) {
      this.learningRate = above0(rate, "learningRate");
      return this;
    }

    /**
     * AdamW's decay, of which each step takes the part {@code learning rate * decay} of each
     * number.
     *
     * @param decay 0 or more; 0.01 by default
     * @return this
     */
    public Builder weightDecay(double decay) {
      if (!(decay >= 0 && decay < Double.POSITIVE_INFINITY)) {
        throw new InvalidInputException(
            "weightDecay must be 0 or a number above it, but is " + decay);
      }
      this.weightDecay = decay;
      return this;
    }

    /**
     * The seed of the first A. Adapters of different tasks that are to be compared or averaged
     * should have the same.
     *
     * @param seed any; 0 by default
     * @return this
     */
    public Builder initialSeed(long seed) {
      this.initialSeed = seed;
      return this;
    }

    /**
     * The seed of the order of the pairs.
     *
     * @param seed any; 0 by default
     * @return this
     */
    public Builder batchSeed(long seed) {
      this.batchSeed = seed;
      return this;
    }

    /**
     * Saves the adapter after each of the last steps as a PEFT directory {@code folder/<step>}, in
     * bfloat16.
     *
     * @param folder where to; made if it is missing
     * @param last how many of the last steps, at least 1
     * @return this
     */
    public Builder snapshots(Path folder, int last) {
      return snapshots(folder, last, WeightPrecision.BF16);
    }

    /**
     * Saves the adapter after each of the last steps as a PEFT directory {@code folder/<step>}.
     *
     * @param folder where to; made if it is missing
     * @param last how many of the last steps, at least 1
     * @param precision how its numbers are stored
     * @return this
     */
    public Builder snapshots(Path folder, int last, WeightPrecision precision) {
      this.snapshotFolder = Checks.notNull(folder, "folder");
      this.snapshots = Checks.positive(last, "last");
      this.precision = Checks.notNull(precision, "precision");
      return this;
    }

    /**
     * Who hears of every step.
     *
     * @param listener the listener; nobody by default
     * @return this
     */
    public Builder listener(TuningListener listener) {
      this.listener = Checks.notNull(listener, "listener");
      return this;
    }

    /**
     * The tuner.
     *
     * @return a tuner, which may be used any number of times
     * @throws InvalidInputException if the encoder does not have one of the target's modules
     * @throws io.github.dnd4j.ShapeMismatchException if one has another shape in the encoder
     * @throws DragAndDropException if the encoder is closed
     */
    public LoraTuner build() {
      LoraPlace.of(encoder.config(), target.config(), target.modules());
      return new LoraTuner(new Builder(this));
    }

    private static double above0(double value, String name) {
      if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
        throw new InvalidInputException(name + " must be a number above 0, but is " + value);
      }
      return value;
    }
  }
}
