package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.encoder.PromptEncoders;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which text encoder makes conditions of prompts. */
final class EncoderOptions {

  @Option(
      names = "--encoder",
      paramLabel = "PATH",
      description =
          "The text encoder: a directory whose config.json has the model_type bert, roberta,"
              + " xlm-roberta, mpnet, distilbert, t5, mt5, qwen2, qwen3, llama or mistral; a"
              + " directory or .onnx file of any other model in ONNX; or a file of GloVe's word"
              + " vectors, .txt, .vec or .gz (default: the built-in all-MiniLM-L6-v2).")
  Path path;

  @Option(
      names = "--encoder-layer",
      paramLabel = "N",
      description =
          "Of a causal language model the layer that conditions are taken after, from 0 (default:"
              + " the one in the middle).")
  Integer layer;

  /** Created by picocli. */
  EncoderOptions() {}

  /** Whether an encoder was named. */
  boolean given() {
    if (layer != null && path == null) {
      throw new InvalidInputException("--encoder-layer needs --encoder: of which model is it?");
    }
    return path != null;
  }

  /** Opens it; the caller closes it. */
  PromptEncoder open() {
    return given() ? open(path, layer) : SentenceEncoder.allMiniLmL6V2();
  }

  /**
   * Opens an encoder.
   *
   * @param path its directory or file
   * @param layer the layer to take, or null
   * @return the encoder; the caller closes it
   */
  static PromptEncoder open(Path path, Integer layer) {
    return layer == null ? PromptEncoders.load(path) : PromptEncoders.load(path, layer);
  }
}
