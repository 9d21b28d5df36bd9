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

/** A tiny model of this folder's resources, in a directory where a test can change it. */
class TinyModel {

  private final Path directory;

  /**
   * Copies a model.
   *
   * @param parent where its directory is made
   * @param name the directory's name, that of the resources' folder
   * @param files the files to copy
   */
  TinyModel(Path parent, String name, List<String> files) {
    directory = parent.resolve(name);
    try {
      Files.createDirectories(directory);
      for (String file : files) {
        try (InputStream in = TinyModel.class.getResourceAsStream(name + "/" + file)) {
          Files.copy(in, directory.resolve(file));
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
  TinyModel edit(String name, String from, String to) {
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
  TinyModel changeWeights(UnaryOperator<Map<String, INDArray>> change, TensorType type) {
    Map<String, INDArray> tensors = new LinkedHashMap<>();
    try (TensorFile file = TensorFile.open(file("model.safetensors"))) {
      file.tensors().keySet().forEach(name -> tensors.put(name, file.read(name)));
    }
    SafetensorsWriter.write(file("model.safetensors"), change.apply(tensors), type, Map.of());
    return this;
  }

  TinyModel renameWeights(UnaryOperator<String> rename) {
    return changeWeights(
        tensors -> {
          Map<String, INDArray> renamed = new LinkedHashMap<>();
          tensors.forEach((name, tensor) -> renamed.put(rename.apply(name), tensor));
          return renamed;
        },
        TensorType.F32);
  }
}
