package io.github.dnd4j.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.training.BadCheckpoints;
import io.github.dnd4j.training.DragAndDropTrainer;
import java.io.IOException;
import java.nio.file.Files;
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
  record Encoder(String directory) {}

  /** Prompts and LoRA checkpoints. */
  record Data(
      String root,
      Map<String, DataSet> sets,
      List<String> leaveOut,
      List<String> validation,
      Integer mostPrompts) {}

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

  private static final long LARGEST = 1 << 20;

  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** Reads a configuration. */
  static TrainConfig read(Path file) {
    try {
      if (Files.size(file) > LARGEST) {
        throw new FileFormatException(file + " is larger than 1 MiB: is it a configuration?");
      }
      TrainConfig config = YAML.readValue(Files.readString(file), TrainConfig.class);
      if (config == null) {
        throw new FileFormatException(file + " is empty");
      }
      return config;
    } catch (JsonMappingException e) {
      throw new FileFormatException(
          file + ", " + pathOf(e) + ": " + firstLine(e.getOriginalMessage()), e);
    } catch (JsonProcessingException e) {
      throw new FileFormatException(
          file + " is no valid YAML: " + firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new FileAccessException("cannot read the configuration " + file + ": " + e, e);
    }
  }

  private static String pathOf(JsonMappingException e) {
    String path =
        String.join(
            ".",
            e.getPath().stream()
                .map(part -> part.getFieldName() == null ? "[]" : part.getFieldName())
                .toList());
    return path.isEmpty() ? "top level" : path;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
