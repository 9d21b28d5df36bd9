package io.github.dnd4j.encoder;

import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The model that make_tiny_bert.py made, in a directory where a test can change it. */
final class TinyBert {

  static final int WINDOW = 16;
  static final int HIDDEN = 24;

  /** The texts whose hidden states are in golden.safetensors. */
  static final List<String> TEXTS =
      List.of(
          "The river bends slowly north of the old mill.",
          "a bridge",
          "The old stone bridge crosses it, and then the river runs on and on, slowly, north of the"
              + " mill.");

  private final Path directory;

  TinyBert(Path parent) {
    directory = parent.resolve("tiny-bert");
    try {
      Files.createDirectories(directory);
      for (String name :
          List.of(
              "config.json",
              "model.safetensors",
              "tokenizer.json",
              "golden.safetensors",
              "tuning.safetensors")) {
        try (InputStream in = TinyBert.class.getResourceAsStream("tiny-bert/" + name)) {
          Files.copy(in, directory.resolve(name));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path directory() {
    return directory;
  }

  Path file(String name) {
    return directory.resolve(name);
  }

  INDArray golden(int length) {
    try (TensorFile file = TensorFile.open(file("golden.safetensors"))) {
      return file.read("length" + length);
    }
  }

  /** Replaces text in one of the JSON files; the text must be there. */
  TinyBert edit(String name, String from, String to) {
    try {
      String content = Files.readString(file(name));
      if (!content.contains(from)) {
        throw new AssertionError(name + " does not contain " + from);
      }
      Files.writeString(file(name), content.replace(from, to));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the weights anew after a change to the map of them. */
  TinyBert changeWeights(UnaryOperator<Map<String, INDArray>> change, TensorType type) {
    Map<String, INDArray> tensors = new LinkedHashMap<>();
    try (TensorFile file = TensorFile.open(file("model.safetensors"))) {
      file.tensors().keySet().forEach(name -> tensors.put(name, file.read(name)));
    }
    SafetensorsWriter.write(file("model.safetensors"), change.apply(tensors), type, Map.of());
    return this;
  }

  TinyBert renameWeights(UnaryOperator<String> rename) {
    return changeWeights(
        tensors -> {
          Map<String, INDArray> renamed = new LinkedHashMap<>();
          tensors.forEach((name, tensor) -> renamed.put(rename.apply(name), tensor));
          return renamed;
        },
        TensorType.F32);
  }
}
