package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.training.ConditionForm;
import io.github.dnd4j.training.CriterionWeights;
import io.github.dnd4j.training.DragAndDropTrainer;
import io.github.dnd4j.training.PromptCheckpointDataset;
import io.github.dnd4j.training.TaskData;
import io.github.dnd4j.training.TaskMixing;
import io.github.dnd4j.training.TrainerListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Turns a {@link TrainConfig} into a trainer. */
final class TrainPlan {

  private final Path file;
  private final TrainConfig config;

  /** All data sets but those that are left out, read when they are first needed. */
  private PromptCheckpointDataset dataset;

  /** Of which data sets the generator remembers the prompts; null for all. */
  private List<String> remembered;

  private TrainPlan(Path file, TrainConfig config) {
    this.file = file;
    this.config = config;
  }

  /** Reads a configuration and checks that what it must say is there. */
  static TrainPlan of(Path file) {
    TrainPlan plan = new TrainPlan(file, TrainConfig.read(file));
    plan.require(plan.config.out(), "out");
    plan.require(plan.config.decoder(), "decoder");
    plan.require(plan.config.data(), "data");
    plan.require(plan.config.training(), "training");
    plan.require(plan.config.training().steps(), "training.steps");
    return plan;
  }

  /**
   * A plan whose data sets are read already, of which the generator is to remember some; paths are
   * relative to the file.
   */
  static TrainPlan of(
      Path file, TrainConfig config, PromptCheckpointDataset dataset, List<String> remembered) {
    TrainPlan plan = new TrainPlan(file, config);
    plan.dataset = dataset;
    plan.remembered = remembered;
    return plan;
  }

  /** Trains, or goes on training, and leaves generator, history and its picture. */
  void train(PrintWriter out) {
    try (TrainingHistory history = new TrainingHistory(historyFile());
        TrainProgress progress = new TrainProgress(out)) {
      try (DragAndDrop generator = trainer(history, progress).fit()) {
        generator.save(out());
      } finally {
        history.close();
        if (!history.rows().isEmpty()) {
          HistoryPlot.write(history.rows(), plotFile());
        }
      }
    }
  }

  private <T> T require(T value, String name) {
    if (value == null) {
      throw new InvalidInputException(file + " must say '" + name + "'");
    }
    return value;
  }

  Path out() {
    return resolve(config.out());
  }

  private Path run() {
    return config.run() == null
        ? out().resolveSibling(out().getFileName() + "-run")
        : resolve(config.run());
  }

  Path historyFile() {
    return run().resolve("history.csv");
  }

  Path plotFile() {
    return run().resolve("history.png");
  }

  private Path resolve(String path) {
    return file.toAbsolutePath().getParent().resolve(path).normalize();
  }

  DragAndDropTrainer trainer(TrainerListener... listeners) {
    DragAndDropTrainer.Builder builder =
        DragAndDropTrainer.builder()
            .dataset(trainingSets())
            .target(target())
            .scaleEncoding(scaleEncoding())
            .runDirectory(run())
            .listener(new TrainerListeners(List.of(listeners)));
    if (!validationNames().isEmpty()) {
      builder.validation(dataset().only(validationNames().toArray(String[]::new)));
    }
    set(config.id(), builder::id);
    set(config.criterion(), path -> builder.criterion(CriterionWeights.load(resolve(path))));
    set(remembered, names -> builder.remembered(names.toArray(String[]::new)));
    applyTraining(builder);
    applyRun(builder);
    HyperConvDecoder decoder = decoder();
    try {
      return builder.decoder(decoder).encoder(encoder()).build();
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  private static <T> void set(T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }

  private void applyTraining(DragAndDropTrainer.Builder builder) {
    TrainConfig.Training training = config.training();
    builder
        .steps(training.steps())
        .noise(or(training.conditionNoise(), 1e-4), or(training.targetNoise(), 1e-5));
    set(training.batchSize(), builder::batchSize);
    set(training.accumulation(), builder::accumulation);
    set(training.learningRate(), builder::learningRate);
    set(training.warmupSteps(), builder::warmupSteps);
    set(training.weightDecay(), builder::weightDecay);
    set(training.clipNorm(), builder::clipNorm);
    set(training.promptDropout(), builder::promptDropout);
    set(training.conditionForm(), form -> builder.conditionForm(ConditionForm.parse(form)));
    set(training.mixing(), mixing -> builder.taskMixing(mixing(mixing)));
    set(training.badCheckpoints(), builder::badCheckpoints);
    set(training.seed(), builder::seed);
    set(training.result(), builder::result);
    set(training.conditionMemoryMb(), mb -> builder.conditionMemory((long) mb << 20));
  }

  private void applyRun(DragAndDropTrainer.Builder builder) {
    if (config.checkpoints() != null) {
      builder.checkpoints(
          or(config.checkpoints().every(), 100), or(config.checkpoints().keep(), 3));
    }
    if (config.validation() != null) {
      int every =
          or(
              config.validation().every(),
              config.checkpoints() == null ? 100 : or(config.checkpoints().every(), 100));
      builder.validate(every, or(config.validation().items(), 32));
    }
  }

  private static <T> T or(T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private static TaskMixing mixing(TrainConfig.Mixing mixing) {
    return new TaskMixing(
        mixing.probability(), or(mixing.mostTasks(), 3), or(mixing.concentration(), 1.0));
  }

  private PromptCheckpointDataset dataset() {
    if (dataset == null) {
      dataset = readDataset();
    }
    return dataset;
  }

  private PromptCheckpointDataset readDataset() {
    TrainConfig.Data data = config.data();
    if ((data.root() == null) == (data.sets() == null)) {
      throw new InvalidInputException(
          file + " must say either data.root, a folder of data sets, or data.sets");
    }
    List<TaskData> tasks = new ArrayList<>();
    if (data.root() != null) {
      tasks.addAll(PromptCheckpointDataset.open(resolve(data.root())).tasks());
    } else {
      for (Map.Entry<String, TrainConfig.DataSet> set : data.sets().entrySet()) {
        String where = "data.sets." + set.getKey();
        TrainConfig.DataSet parts = require(set.getValue(), where);
        tasks.add(
            TaskData.of(
                set.getKey(),
                resolve(require(parts.prompts(), where + ".prompts")),
                resolve(require(parts.checkpoints(), where + ".checkpoints"))));
      }
    }
    if (data.mostPrompts() != null) {
      tasks.replaceAll(task -> task.withMostPrompts(data.mostPrompts()));
    }
    PromptCheckpointDataset all = PromptCheckpointDataset.of(tasks);
    return data.leaveOut() == null ? all : all.without(data.leaveOut().toArray(String[]::new));
  }

  private List<String> validationNames() {
    return or(config.data().validation(), List.of());
  }

  /** What is trained on. */
  PromptCheckpointDataset trainingSets() {
    PromptCheckpointDataset all = dataset();
    return validationNames().isEmpty()
        ? all
        : all.without(validationNames().toArray(String[]::new));
  }

  private LoraTarget target() {
    TrainConfig.Decoder decoder = config.decoder();
    if (decoder.target() != null) {
      return LoraTargets.byName(decoder.target());
    }
    return HyperConvPreset.byId(require(decoder.preset(), "decoder.target, as there is no preset"))
        .target();
  }

  private HyperConvConfig structure() {
    TrainConfig.Decoder decoder = config.decoder();
    if ((decoder.preset() == null) == (decoder.features() == null)) {
      throw new InvalidInputException(
          file + " must say either decoder.preset or decoder.features and decoder.kernel");
    }
    return decoder.preset() == null
        ? HyperConvConfig.of(decoder.features(), require(decoder.kernel(), "decoder.kernel"))
        : HyperConvPreset.byId(decoder.preset()).config();
  }

  private HyperConvDecoder decoder() {
    String weights = config.decoder().weights();
    return weights == null
        ? HyperConvDecoder.fresh(structure(), or(config.training().seed(), 0L))
        : HyperConvDecoder.load(resolve(weights), structure());
  }

  private PromptEncoder encoder() {
    TrainConfig.Encoder encoder = config.encoder();
    if (encoder == null || encoder.directory() == null) {
      if (encoder != null && encoder.layer() != null) {
        throw new InvalidInputException(
            file + " says encoder.layer but no encoder.directory: of which model is it?");
      }
      return SentenceEncoder.allMiniLmL6V2();
    }
    return EncoderOptions.open(resolve(encoder.directory()), encoder.layer());
  }

  private ScaleEncoding scaleEncoding() {
    ScaleEncodingOptions options = new ScaleEncodingOptions();
    options.kind = config.training().scaleEncoding();
    options.center = config.training().scaleCenter();
    return options.encoding();
  }
}
