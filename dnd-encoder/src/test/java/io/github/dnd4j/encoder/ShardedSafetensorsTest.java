package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model's weights in one file, or in several with an index. */
class ShardedSafetensorsTest {

  @TempDir private Path directory;

  @BeforeEach
  void writeTwoFilesAndTheirIndex() throws IOException {
    write("model-00001-of-00002.safetensors", "first", 1, TensorType.F32);
    write("model-00002-of-00002.safetensors", "second", 2, TensorType.BF16);
    index("model-00002-of-00002.safetensors");
  }

  private void write(String file, String tensor, float from, TensorType type) {
    float[] numbers = {from, from + 1, from + 2, 4, 5, 6};
    try (INDArray values = HostFloats.toTensor(numbers, 2, 3)) {
      SafetensorsWriter.write(directory.resolve(file), Map.of(tensor, values), type, Map.of());
    }
  }

  private void index(String fileOfSecond) throws IOException {
    Files.writeString(
        directory.resolve("model.safetensors.index.json"),
        "{\"metadata\": {}, \"weight_map\": {\"first\": \"model-00001-of-00002.safetensors\","
            + "\"second\": \""
            + fileOfSecond
            + "\"}}");
  }

  @Test
  void readsEachTensorFromTheFileThatTheIndexNames() {
    try (ShardedSafetensors weights = ShardedSafetensors.open(directory);
        INDArray first = weights.tensor("first", 2, 3);
        INDArray second = weights.tensor("second", 2, 3)) {
      assertThat(HostFloats.toArray(first)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(HostFloats.toArray(second)).containsExactly(2, 3, 4, 4, 5, 6);
      assertThat(weights.type("first", 2, 3)).isEqualTo(TensorType.F32);
      assertThat(weights.type("second", 2, 3)).isEqualTo(TensorType.BF16);
      assertThat(weights.has("first")).isTrue();
      assertThat(weights.has("third")).isFalse();
    }
  }

  @Test
  void readsASingleFile() throws IOException {
    Files.delete(directory.resolve("model.safetensors.index.json"));
    write("model.safetensors", "dense.weight", 1, TensorType.F32);

    try (ShardedSafetensors weights = ShardedSafetensors.open(directory);
        INDArray transposed = weights.denseWeight("dense", 3, 2)) {
      assertThat(transposed.shape()).containsExactly(3, 2);
      assertThat(HostFloats.toArray(transposed)).containsExactly(1, 4, 2, 5, 3, 6);
    }
  }

  @Test
  void needsNoFileOfWhichNothingIsAskedFor() throws IOException {
    Files.delete(directory.resolve("model-00002-of-00002.safetensors"));

    try (ShardedSafetensors weights = ShardedSafetensors.open(directory)) {
      weights.tensor("first", 2, 3).close();
      assertThatThrownBy(() -> weights.tensor("second", 2, 3))
          .isInstanceOf(FileAccessException.class)
          .hasMessageContaining("model-00002-of-00002.safetensors");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.safetensors",
        "/tmp/model.safetensors",
        "sub/model.safetensors",
        "..",
        "model.bin",
        ".hidden.safetensors",
        ""
      })
  void refusesAnIndexThatNamesFilesElsewhere(String name) throws IOException {
    index(name);

    assertThatThrownBy(() -> ShardedSafetensors.open(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("model.safetensors.index.json")
        .hasMessageContaining("second");
  }

  @Test
  void saysWhenAnIndexIsWrongOrEmpty() throws IOException {
    index("model-00001-of-00002.safetensors");

    try (ShardedSafetensors weights = ShardedSafetensors.open(directory)) {
      assertThatThrownBy(() -> weights.tensor("second", 2, 3))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("'second' is in model-00001-of-00002.safetensors, but it is not");
    }

    Files.writeString(directory.resolve("model.safetensors.index.json"), "{}");

    assertThatThrownBy(() -> ShardedSafetensors.open(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("lists no tensors");
  }

  @Test
  void saysWhatIsMissing(@TempDir Path empty) {
    assertThatThrownBy(() -> ShardedSafetensors.open(empty))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(empty.toString());
    try (ShardedSafetensors weights = ShardedSafetensors.open(directory)) {
      assertThatThrownBy(() -> weights.tensor("third", 2, 3))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("third");
      assertThatThrownBy(() -> weights.tensor("first", 3, 2))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("first")
          .hasMessageContaining("[3, 2]");
    }
  }
}
