package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.spi.Parts;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.optimize.api.TrainingListener;

/**
 * Trains a decoder on LoRA checkpoints and the prompts of their data sets, as Drag-and-Drop LLMs
 * (arXiv 2506.16406) does: pairs drawn at random, a masked and weighted mean of squared errors,
 * AdamW, a warm-up and a cosine.
 *
 * <pre>{@code
 * DragAndDropTrainer trainer =
 *     DragAndDropTrainer.builder()
 *         .encoder(SentenceEncoder.allMiniLmL6V2())
 *         .decoder(HyperConvDecoder.fresh(HyperConvPreset.MINILM_L6.config(), 0))
 *         .target(LoraTargets.MINILM_L6)
 *         .dataset(PromptCheckpointDataset.open(Path.of("data")).without("ARC-c"))
 *         .steps(450)
 *         .batchSize(8)
 *         .learningRate(1e-3)
 *         .runDirectory(Path.of("run")) // start again with the same directory to resume
 *         .build();
 * try (DragAndDrop generator = trainer.fit()) {
 *   generator.save(Path.of("generator"));
 * }
 * }</pre>
 *
 * <p>The same settings, seed and data give the same weights on the same machine, whether the run is
 * stopped and resumed or not. Interrupting the training thread stops a run after the step that it
 * is at, with a checkpoint.
 *
 * <p>The generator remembers what prompts it was trained on ({@link
 * io.github.dnd4j.TrainingPrompts}), if there are two data sets or more that their prompts tell
 * apart, and so can tell when it is given others. Those of {@link Builder#validation} are not
 * remembered, and of the others only those that {@link Builder#remembered} names, if it is called.
 *
 * <p>One device does the work. On the CPU every operation uses all cores, so that a second replica
 * of the decoder would only compete for them; DL4J's ParallelWrapper trains several replicas by its
 * own solver and updaters, not by the loop that resumes bit for bit. Larger batches than fit into
 * memory are made with {@link Builder#accumulation}.
 */
public final class DragAndDropTrainer implements AutoCloseable {

  /** Which weights a run gives in the end. */
  public enum Result {
    /** Those after the last step, as in the paper. */
    LAST,
    /** Those of the lowest validation loss, or without validation of the lowest training loss. */
    BEST
  }

  private final RunParts parts;
  private final Plan plan;
  private final TrainingSettings settings;
  private boolean used;

  /** What a run works with; its trainer owns encoder and decoder until {@link #fit()}. */
  record RunParts(
      PromptEncoder encoder,
      HyperConvDecoder decoder,
      LoraTarget target,
      ScaleEncoding scaleEncoding,
      PromptCheckpointDataset dataset,
      PromptCheckpointDataset validation,
      CriterionWeights criterion) {

    WeightTokenizer tokenizer() {
      return new WeightTokenizer(target, scaleEncoding);
    }
  }

  /** What a run does beside its steps. */
  record Plan(
      RunDirectory directory,
      int checkpointEvery,
      int keptCheckpoints,
      int validateEvery,
      int validationItems,
      Result result,
      long conditionMemory,
      TrainerListener listener,
      List<TrainingListener> networkListeners,
      PromptCheckpointDataset remembered,
      String id) {}

  private DragAndDropTrainer(RunParts parts, Plan plan, TrainingSettings settings) {
    this.parts = parts;
    this.plan = plan;
    this.settings = settings;
  }

  /**
   * Starts putting a training run together.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Trains. If the run directory has a checkpoint of this run, it goes on from there.
   *
   * @return the trained generator, which owns encoder and decoder now; the caller closes it
   * @throws InvalidInputException if the run directory belongs to a run of other settings or data
   * @throws FileAccessException if a file cannot be read or written, for example because the disk
   *     is full; the last checkpoint of the run is as it was
   * @throws DragAndDropException if training diverges, or the thread is interrupted: the message
   *     says where a checkpoint lies
   */
  public DragAndDrop fit() {
    if (used) {
      throw new DragAndDropException("a trainer runs once: build another to train again");
    }
    used = true;
    TrainingRun.Outcome outcome;
    try {
      outcome = new TrainingRun(parts, plan, settings).run();
    } catch (RuntimeException | Error e) {
      closeParts();
      throw e;
    }
    DragAndDrop.Builder generator =
        DragAndDrop.builder()
            .encoder(parts.encoder())
            .decoder(parts.decoder())
            .target(parts.target())
            .scaleEncoding(parts.scaleEncoding())
            .id(plan.id())
            .provenance(outcome.provenance());
    outcome.trainingPrompts().ifPresent(generator::trainingPrompts);
    return generator.build();
  }

  private void closeParts() {
    parts.encoder().close();
    parts.decoder().close();
  }

  /** Closes encoder and decoder if {@link #fit()} was never called; else does nothing. */
  @Override
  public void close() {
    if (!used) {
      used = true;
      closeParts();
    }
  }

  /**
   * Puts a training run together. Required are encoder, decoder, target, data set and the number of
   * steps; all else has the paper's values unless set.
   */
  public static final class Builder {

    private PromptEncoder encoder;
    private HyperConvDecoder decoder;
    private LoraTarget target;
    private ScaleEncoding scaleEncoding = ScaleEncoding.reference();
    private PromptCheckpointDataset dataset;
    private PromptCheckpointDataset validation;
    private CriterionWeights criterion;
    private ConditionForm conditionForm = ConditionForm.prompts();
    private TaskMixing taskMixing = TaskMixing.OFF;
    private BadCheckpoints badCheckpoints = BadCheckpoints.STOP;
    private int steps;
    private int batchSize = 48;
    private int accumulation = 1;
    private double learningRate = 3e-5;
    private int warmupSteps = 1;
    private double weightDecay = 0.1;
    private double clipNorm = 1;
    private double conditionNoise = 1e-4;
    private double targetNoise = 1e-5;
    private double promptDropout;
    private long seed;
    private Path runDirectory;
    private int checkpointEvery = 100;
    private int keptCheckpoints = 3;
    private int validateEvery;
    private int validationItems = 32;
    private Result result = Result.LAST;
    private long conditionMemory = Runtime.getRuntime().maxMemory() / 4;
    private TrainerListener listener = TrainerListener.NONE;
    private final List<TrainingListener> networkListeners = new ArrayList<>();
    private String[] remembered;
    private String id;

    private Builder() {}

    /**
     * The frozen encoder that makes conditions of prompts. Required.
     *
     * @param value the encoder; {@link #build()} takes ownership of it
     * @return this builder
     */
    public Builder encoder(PromptEncoder value) {
      this.encoder = value;
      return this;
    }

    /**
     * The decoder to train: a fresh one, or one to train on. Required.
     *
     * @param value the decoder; {@link #build()} takes ownership of it
     * @return this builder
     */
    public Builder decoder(HyperConvDecoder value) {
      this.decoder = value;
      return this;
    }

    /**
     * The model whose adapters the checkpoints are. Required.
     *
     * @param value the target
     * @return this builder
     */
    public Builder target(LoraTarget value) {
      this.target = value;
      return this;
    }

    /**
     * How weight tokens carry the scale of the weights.
     *
     * @param value the encoding; {@link ScaleEncoding#reference()} unless set. For generators that
     *     need not be read by the reference implementation {@link ScaleEncoding#log} is better
     * @return this builder
     */
    public Builder scaleEncoding(ScaleEncoding value) {
      this.scaleEncoding = Checks.notNull(value, "scaleEncoding");
      return this;
    }

    /**
     * Prompts and checkpoints to train on. Required.
     *
     * @param value the data
     * @return this builder
     */
    public Builder dataset(PromptCheckpointDataset value) {
      this.dataset = value;
      return this;
    }

    /**
     * Prompts and checkpoints that are not trained on, to see how the decoder does on others.
     *
     * @param value the data; none unless set
     * @return this builder
     */
    public Builder validation(PromptCheckpointDataset value) {
      this.validation = Checks.notNull(value, "validation");
      return this;
    }

    /**
     * How the decoder is validated.
     *
     * @param every after how many steps; as often as there are checkpoints unless set
     * @param items on how many pairs of prompts and checkpoint, the same every time; 32 unless set
     * @return this builder
     */
    public Builder validate(int every, int items) {
      this.validateEvery = Checks.positive(every, "every");
      this.validationItems = Checks.positive(items, "items");
      return this;
    }

    /**
     * How much each weight token counts in the loss.
     *
     * @param value the weights; unless set they are computed from the checkpoints, as the mean of
     *     the data sets' weights
     * @return this builder
     */
    public Builder criterion(CriterionWeights value) {
      this.criterion = Checks.notNull(value, "criterion");
      return this;
    }

    /**
     * What of its data set a condition is made of.
     *
     * @param value the form; the prompts alone unless set
     * @return this builder
     */
    public Builder conditionForm(ConditionForm value) {
      this.conditionForm = Checks.notNull(value, "conditionForm");
      return this;
    }

    /**
     * Whether items may come from several data sets at once.
     *
     * @param value how; {@link TaskMixing#OFF} unless set, as in the paper
     * @return this builder
     */
    public Builder taskMixing(TaskMixing value) {
      this.taskMixing = Checks.notNull(value, "taskMixing");
      return this;
    }

    /**
     * What happens at a LoRA checkpoint that cannot be used.
     *
     * @param value whether the run stops or leaves it out; it stops unless set
     * @return this builder
     */
    public Builder badCheckpoints(BadCheckpoints value) {
      this.badCheckpoints = Checks.notNull(value, "badCheckpoints");
      return this;
    }

    /**
     * How many optimizer steps the run has. Required.
     *
     * @param value the steps, more than the warm-up; the paper has 1,000 to 5,000
     * @return this builder
     */
    public Builder steps(int value) {
      this.steps = Checks.positive(value, "steps");
      return this;
    }

    /**
     * How many pairs of prompts and checkpoint go through the decoder at once.
     *
     * @param value the pairs; 48 unless set. The paper has 48 to 128
     * @return this builder
     */
    public Builder batchSize(int value) {
      this.batchSize = Checks.positive(value, "batchSize");
      return this;
    }

    /**
     * How many batches make one step; their gradients are averaged. Costs the memory of the weights
     * once more if it is not 1.
     *
     * @param value the batches; 1 unless set
     * @return this builder
     */
    public Builder accumulation(int value) {
      this.accumulation = Checks.positive(value, "accumulation");
      return this;
    }

    /**
     * The highest learning rate; see {@link LearningRateSchedule}.
     *
     * @param value the rate; 3e-5 unless set
     * @return this builder
     */
    public Builder learningRate(double value) {
      this.learningRate = value;
      return this;
    }

    /**
     * How many steps the learning rate rises.
     *
     * @param value the steps; 1 unless set
     * @return this builder
     */
    public Builder warmupSteps(int value) {
      this.warmupSteps = value;
      return this;
    }

    /**
     * How fast weights decay: by this times the learning rate in every step.
     *
     * @param value the decay; 0.1 unless set
     * @return this builder
     */
    public Builder weightDecay(double value) {
      this.weightDecay = notNegative(value, "weightDecay");
      return this;
    }

    /**
     * The greatest length that all gradients together may have.
     *
     * @param value the length, above 0; 1 unless set, infinity for no limit
     * @return this builder
     */
    public Builder clipNorm(double value) {
      if (!(value > 0)) {
        throw new InvalidInputException("clipNorm must be above 0, but is " + value);
      }
      this.clipNorm = value;
      return this;
    }

    /**
     * The noise that is added.
     *
     * @param condition its standard deviation on conditions; 1e-4 unless set
     * @param targets its standard deviation on weight tokens; 1e-5 unless set
     * @return this builder
     */
    public Builder noise(double condition, double targets) {
      this.conditionNoise = notNegative(condition, "the noise on conditions");
      this.targetNoise = notNegative(targets, "the noise on targets");
      return this;
    }

    /**
     * How often a prompt is left out of a condition, zeros in its place.
     *
     * @param value the probability, from 0 to below 1; 0 unless set, as in the paper
     * @return this builder
     */
    public Builder promptDropout(double value) {
      if (!(value >= 0 && value < 1)) {
        throw new InvalidInputException("promptDropout must be from 0 to below 1, but is " + value);
      }
      this.promptDropout = value;
      return this;
    }

    /**
     * The seed of all drawing and noise.
     *
     * @param value the seed; 0 unless set
     * @return this builder
     */
    public Builder seed(long value) {
      this.seed = value;
      return this;
    }

    /**
     * Where the run keeps its checkpoints and encoded prompts, and from where it is resumed.
     * Without one a run cannot be resumed.
     *
     * @param value a folder, which is made if it is not there
     * @return this builder
     */
    public Builder runDirectory(Path value) {
      this.runDirectory = Checks.notNull(value, "runDirectory");
      return this;
    }

    /**
     * When the run writes checkpoints: a killed run loses no more than the steps since the last
     * one. Each takes three times the memory of the weights on disk.
     *
     * @param every after how many steps; 100 unless set
     * @param kept how many are kept; 3 unless set
     * @return this builder
     */
    public Builder checkpoints(int every, int kept) {
      this.checkpointEvery = Checks.positive(every, "every");
      this.keptCheckpoints = Checks.positive(kept, "kept");
      return this;
    }

    /**
     * Which weights the run gives in the end.
     *
     * @param value last or best; the last unless set. The best needs a run directory
     * @return this builder
     */
    public Builder result(Result value) {
      this.result = Checks.notNull(value, "result");
      return this;
    }

    /**
     * How much of the Java heap encoded prompts may take; beyond it they are kept on disk only.
     *
     * @param bytes the memory; a quarter of the greatest heap unless set
     * @return this builder
     */
    public Builder conditionMemory(long bytes) {
      this.conditionMemory = bytes;
      return this;
    }

    /**
     * Who hears how the run goes.
     *
     * @param value the listener
     * @return this builder
     */
    public Builder listener(TrainerListener value) {
      this.listener = Checks.notNull(value, "listener");
      return this;
    }

    /**
     * DL4J's own listeners, such as those of its training UI.
     *
     * @param values hear of every step of the decoder's {@link HyperConvDecoder#graph()}
     * @return this builder
     */
    public Builder networkListeners(TrainingListener... values) {
      networkListeners.addAll(List.of(values));
      return this;
    }

    /**
     * Which data sets the generator remembers the prompts of, to tell when it is given others.
     * Leave out what is a part of another: how far data sets are from each other is what novelty is
     * measured by.
     *
     * @param names names of data sets; all unless set
     * @return this builder
     */
    public Builder remembered(String... names) {
      this.remembered = Checks.notNull(names, "names").clone();
      return this;
    }

    /**
     * The generator's name, which its adapters carry as provenance.
     *
     * @param value a name for people; the target's name unless set
     * @return this builder
     */
    public Builder id(String value) {
      this.id = Checks.notBlank(value, "id");
      return this;
    }

    private static double notNegative(double value, String name) {
      if (!(value >= 0 && Double.isFinite(value))) {
        throw new InvalidInputException(name + " must not be negative, but is " + value);
      }
      return value;
    }

    /**
     * Checks everything and takes ownership of encoder and decoder: they are closed with the
     * generator that {@link DragAndDropTrainer#fit()} gives, or at once if this or that fails.
     *
     * @return the trainer
     * @throws InvalidInputException if a required part is missing or settings contradict each other
     * @throws ShapeMismatchException if the parts do not fit together
     */
    public DragAndDropTrainer build() {
      try {
        checkParts();
        checkShapes();
        conditionForm.check(dataset);
        if (validation != null) {
          conditionForm.check(validation);
        }
        TrainingSettings settings = settings();
        return new DragAndDropTrainer(parts(), plan(), settings);
      } catch (RuntimeException e) {
        closeQuietly(encoder, e);
        closeQuietly(decoder, e);
        throw e;
      } finally {
        encoder = null;
        decoder = null;
      }
    }

    private static void closeQuietly(AutoCloseable part, RuntimeException error) {
      try {
        if (part != null) {
          part.close();
        }
      } catch (Exception e) {
        error.addSuppressed(e);
      }
    }

    private void checkParts() {
      require(encoder, "encoder");
      require(decoder, "decoder");
      require(target, "target");
      require(dataset, "dataset");
      if (steps == 0) {
        throw new InvalidInputException("a training run needs steps: call steps(...)");
      }
      if (result == Result.BEST && runDirectory == null) {
        throw new InvalidInputException(
            "the best weights are kept in the run directory: call runDirectory(...)");
      }
    }

    private static void require(Object part, String name) {
      if (part == null) {
        throw new InvalidInputException(
            "a training run needs one " + name + ": call " + name + "(...) before build()");
      }
    }

    private void checkShapes() {
      Parts.checkFit(encoder, decoder, target);
      if (criterion != null && criterion.tokenCount() != target.tokenCount()) {
        throw new ShapeMismatchException(
            "there are criterion weights of "
                + criterion.tokenCount()
                + " tokens, but target "
                + target.name()
                + " has "
                + target.tokenCount());
      }
    }

    private TrainingSettings settings() {
      return new TrainingSettings(
          batchSize,
          new DecoderOptimizer.Settings(
              new LearningRateSchedule(learningRate, warmupSteps, steps),
              new AdamW.Settings(0.9, 0.999, 1e-8, weightDecay),
              clipNorm,
              accumulation),
          new BatchSettings(
              conditionForm,
              taskMixing,
              conditionNoise,
              targetNoise,
              promptDropout,
              badCheckpoints,
              seed));
    }

    private RunParts parts() {
      return new RunParts(encoder, decoder, target, scaleEncoding, dataset, validation, criterion);
    }

    private Plan plan() {
      return new Plan(
          runDirectory == null ? null : new RunDirectory(runDirectory),
          checkpointEvery,
          keptCheckpoints,
          validateEvery == 0 ? checkpointEvery : validateEvery,
          validationItems,
          result,
          conditionMemory,
          listener,
          List.copyOf(networkListeners),
          remembered == null ? dataset : dataset.only(remembered),
          id == null ? target.name() : id);
    }
  }
}
