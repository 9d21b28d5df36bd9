package io.github.dnd4j.encoder;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.io.TensorFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The word vectors that make_tiny_glove.py made, and what it makes of a few texts. */
final class TinyGlove {

  static final int DIMENSION = 6;

  private TinyGlove() {}

  static byte[] resource(String name) {
    try (InputStream in = TinyGlove.class.getResourceAsStream("tiny-glove/" + name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A copy of the vectors in a directory where a test can change them. */
  static Path vectors(Path directory) {
    try {
      return Files.write(directory.resolve("tiny-glove.txt"), resource("vectors.txt"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The texts and the words of each. */
  static Map<String, List<String>> words() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, List<String>> words = new LinkedHashMap<>();
    String lines = new String(resource("golden.tsv"), StandardCharsets.UTF_8);
    for (String line : lines.split("\n", 0)) {
      String[] fields = line.split("\t", 0);
      for (int i = 0; i < fields.length; i++) {
        fields[i] = json.readValue(fields[i], String.class);
      }
      words.put(fields[0], List.of(fields).subList(1, fields.length));
    }
    return words;
  }

  /** The condition of those texts at length 8. */
  static INDArray golden(Path directory) throws IOException {
    Path file =
        Files.write(directory.resolve("golden.safetensors"), resource("golden.safetensors"));
    try (TensorFile tensors = TensorFile.open(file)) {
      return tensors.read("length8");
    }
  }
}
