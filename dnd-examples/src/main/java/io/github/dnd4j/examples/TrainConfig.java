package io.github.dnd4j.examples;

import io.github.dnd4j.training.BadCheckpoints;
import io.github.dnd4j.training.DragAndDropTrainer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The configuration of {@code dnd train}, a YAML file; {@code dnd-examples/config/train.yaml}
 * explains every entry. What is null was not set and takes the trainer's own value.
 */
record TrainConfig(
    String run,
    String out,
    String id,
    Decoder decoder,
    Encoder encoder,
    Data data,
    String criterion,
    Training training,
    Checkpoints checkpoints,
    Validation validation) {

  /** The decoder's structure and first weights. */
  record Decoder(String preset, String features, Integer kernel, String target, String weights) {}

  /** The text encoder. */
  record Encoder(String directory, Integer layer) {}

  /** Prompts and LoRA checkpoints. */
  record Data(
      String root,
      Map<String, DataSet> sets,
      List<String> leaveOut,
      List<String> validation,
      Integer mostPrompts) {

    /** Says nothing, for data that come from elsewhere. */
    static final Data NONE = new Data(null, null, null, null, null);
  }

  /** One data set whose parts lie anywhere. */
  record DataSet(String prompts, String checkpoints) {}

  /** How steps are made. */
  record Training(
      Integer steps,
      Integer batchSize,
      Integer accumulation,
      Double learningRate,
      Integer warmupSteps,
      Double weightDecay,
      Double clipNorm,
      Double conditionNoise,
      Double targetNoise,
      Double promptDropout,
      String conditionForm,
      Mixing mixing,
      ScaleEncodingOptions.Kind scaleEncoding,
      Double scaleCenter,
      BadCheckpoints badCheckpoints,
      Long seed,
      DragAndDropTrainer.Result result,
      Integer conditionMemoryMb) {}

  /** Task mixing. */
  record Mixing(double probability, Integer mostTasks, Double concentration) {}

  /** The run's own checkpoints. */
  record Checkpoints(Integer every, Integer keep) {}

  /** How the decoder is validated. */
  record Validation(Integer every, Integer items) {}

  /** Reads a configuration. */
  static TrainConfig read(Path file) {
    return YamlFile.read(file, TrainConfig.class);
  }
}
