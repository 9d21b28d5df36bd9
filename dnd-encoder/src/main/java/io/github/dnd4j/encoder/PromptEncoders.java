package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.spi.PromptEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Opens an encoder of whatever kind a directory or file holds.
 *
 * <pre>{@code
 * try (PromptEncoder encoder = PromptEncoders.load(Path.of("t5-base"))) {
 *   INDArray condition = encoder.encode(prompts, 384, ProgressListener.NONE);
 * }
 * }</pre>
 *
 * <p>A directory's kind is that of the {@code model_type} in its {@code config.json}:
 *
 * <ul>
 *   <li>bert, roberta, xlm-roberta, mpnet, distilbert: {@link SentenceEncoder#load(Path)}
 *   <li>t5, mt5: {@link T5Encoder#load(Path)}
 *   <li>qwen2, qwen3, llama, mistral: {@link CausalLmEncoder#load(Path)}
 * </ul>
 *
 * <p>Models of other kinds are opened with {@link OnnxEncoder#load(Path)} if {@code model.onnx} or
 * {@code onnx/model.onnx} is there, and so are those above if they come without {@code
 * model.safetensors}. A file is an ONNX model if its name ends in {@code .onnx}, and word vectors
 * ({@link GloveEncoder#load(Path)}) if it ends in {@code .txt}, {@code .vec} or {@code .gz}.
 */
public final class PromptEncoders {

  private static final String CONFIG = "config.json";

  /**
   * What opens a directory.
   *
   * @param modelTypes the types that transformers gives its models
   * @param load opens it
   * @param loadAtLayer opens it up to a layer; null if there is no such choice
   */
  private record Kind(
      List<String> modelTypes,
      Function<Path, PromptEncoder> load,
      BiFunction<Path, Integer, PromptEncoder> loadAtLayer) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(BertFamily.modelTypes(), SentenceEncoder::load, null),
          new Kind(List.of("t5", "mt5"), T5Encoder::load, null),
          new Kind(
              List.of("qwen2", "qwen3", "llama", "mistral"),
              CausalLmEncoder::load,
              CausalLmEncoder::load));

  private PromptEncoders() {}

  /**
   * Opens an encoder.
   *
   * @param path a model's directory, an ONNX file or a file of word vectors
   * @return the encoder; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable; the message says what was
   *     looked for
   * @throws FileFormatException if a file is broken or its kind is not supported; the message lists
   *     what is
   * @throws io.github.dnd4j.ShapeMismatchException if a tensor has another shape than config.json
   *     says
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for the weights
   */
  public static PromptEncoder load(Path path) {
    Checks.notNull(path, "path");
    if (Files.isRegularFile(path)) {
      return loadFile(path);
    }
    if (!Files.isDirectory(path)) {
      throw new FileAccessException(
          "there is no encoder at " + path + ": neither a directory nor a file is there");
    }
    Optional<String> type = modelType(path);
    Optional<Kind> kind = type.flatMap(PromptEncoders::kindOf);
    if (OnnxEncoder.isModel(path) && (kind.isEmpty() || !hasWeights(path))) {
      return OnnxEncoder.load(path);
    }
    return kind.orElseThrow(() -> unknown(path, type)).load.apply(path);
  }

  /**
   * Opens an encoder that gives the hidden states after one of its layers.
   *
   * @param path a directory of a causal language model
   * @param layer the layer, from 0
   * @return the encoder; the caller closes it
   * @throws InvalidInputException if the model has no such layer, or is of a kind whose encoders
   *     only give their last states
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file is broken or its kind is not supported
   * @throws io.github.dnd4j.ShapeMismatchException if a tensor has another shape than config.json
   *     says
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for the weights
   */
  public static PromptEncoder load(Path path, int layer) {
    Optional<String> type =
        Files.isDirectory(Checks.notNull(path, "path")) ? modelType(path) : Optional.empty();
    return type.flatMap(PromptEncoders::kindOf)
        .filter(kind -> kind.loadAtLayer != null)
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "a layer can be chosen of a directory of a causal language model, "
                        + String.join(
                            ", ",
                            KINDS.stream()
                                .filter(kind -> kind.loadAtLayer != null)
                                .flatMap(kind -> kind.modelTypes.stream())
                                .toList())
                        + ", but not of "
                        + path
                        + type.map(name -> ", which is " + name).orElse("")))
        .loadAtLayer
        .apply(path, layer);
  }

  private static PromptEncoder loadFile(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".onnx")) {
      return OnnxEncoder.builder(file).build();
    }
    if (name.endsWith(".txt") || name.endsWith(".vec") || name.endsWith(".gz")) {
      return GloveEncoder.load(file);
    }
    throw new FileFormatException(
        file
            + " is no encoder: a file must be an ONNX model, .onnx, or word vectors, .txt, .vec or"
            + " .gz; of other models give the directory");
  }

  private static Optional<String> modelType(Path directory) {
    Path file = directory.resolve(CONFIG);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonNode type = JsonFiles.object(read(file), file.toString()).path("model_type");
    return type.isTextual() ? Optional.of(type.textValue()) : Optional.empty();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + file + ": " + e, e);
    }
  }

  private static Optional<Kind> kindOf(String modelType) {
    return KINDS.stream().filter(kind -> kind.modelTypes.contains(modelType)).findFirst();
  }

  private static boolean hasWeights(Path directory) {
    return Files.exists(directory.resolve("model.safetensors"))
        || Files.exists(directory.resolve("model.safetensors.index.json"));
  }

  private static RuntimeException unknown(Path directory, Optional<String> type) {
    String supported =
        String.join(", ", KINDS.stream().flatMap(kind -> kind.modelTypes.stream()).toList());
    Path config = directory.resolve(CONFIG);
    if (!Files.exists(config)) {
      return new FileAccessException(
          directory
              + " holds no encoder: there is neither config.json, for a model of type "
              + supported
              + ", nor model.onnx or onnx/model.onnx");
    }
    return new FileFormatException(
        config
            + ": model_type is "
            + type.map(name -> '"' + name + '"').orElse("missing")
            + ", but only "
            + supported
            + " are supported. Other models can be exported to ONNX: model.onnx or onnx/model.onnx"
            + " in this directory, which are not there");
  }
}
