package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LoraAdapterTest {

  private static final LoraConfig CONFIG = LoraConfig.of(2, 4, "base", LoraConfig.CAUSAL_LM);

  private static LoraWeights weights(int in, int out, int rank) {
    return new LoraWeights(TestAdapters.filled(1, rank, in), TestAdapters.filled(2, out, rank));
  }

  private static LoraAdapter adapter() {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    weights.put("z", weights(8, 4, 2));
    weights.put("a", weights(4, 6, 2));
    return new LoraAdapter(CONFIG, weights, Map.of("second", "2", "first", "1"));
  }

  @Test
  void itKnowsItsModulesInTheGivenOrder() {
    try (LoraAdapter adapter = adapter()) {
      assertThat(adapter.config()).isEqualTo(CONFIG);
      assertThat(adapter.modules())
          .containsExactly(new LoraModule("z", 8, 4, 2), new LoraModule("a", 4, 6, 2));
      assertThat(adapter.parameterCount()).isEqualTo(2 * (8 + 4) + 2 * (4 + 6));
      assertThat(adapter.weights("z").a().shape()).containsExactly(2, 8);
      assertThat(adapter.weights("z").b().shape()).containsExactly(4, 2);
      assertThat(adapter.metadata())
          .containsExactly(Map.entry("first", "1"), Map.entry("second", "2"));
      assertThat(adapter).hasToString("LoraAdapter[2 modules, rank 2, 44 numbers, for base]");
    }
  }

  @Test
  void whatItWasMadeOfMayChangeAfterwards() {
    Map<String, LoraWeights> weights = new HashMap<>(Map.of("m", weights(4, 4, 2)));
    Map<String, String> metadata = new HashMap<>(Map.of("key", "value"));
    try (LoraAdapter adapter = new LoraAdapter(CONFIG, weights, metadata)) {
      weights.clear();
      metadata.clear();

      assertThat(adapter.weights("m")).isNotNull();
      assertThat(adapter.metadata()).containsEntry("key", "value");
      assertThatThrownBy(() -> adapter.metadata().clear())
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void aAndBMustHaveTheSameRank() {
    assertRefused(TestAdapters.filled(1, 2, 8), TestAdapters.filled(1, 4, 3))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("q.lora_B must have the shape [any, 2], but has [4, 3]");
  }

  @Test
  void aMustBeAMatrix() {
    assertRefused(Nd4j.create(DataType.FLOAT, 2, 8, 1), TestAdapters.filled(1, 4, 2))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("q.lora_A must have the shape [any, any], but has [2, 8, 1]");
  }

  @Test
  void matricesMustBeFloat() {
    assertRefused(TestAdapters.filled(1, 2, 8), Nd4j.create(DataType.DOUBLE, 4, 2))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("q.lora_B must be of type FLOAT, but is DOUBLE: cast it first");
  }

  @Test
  void noMatrixMayBeMissing() {
    assertThatThrownBy(
            () ->
                new LoraAdapter(
                    CONFIG,
                    Map.of("q", new LoraWeights(TestAdapters.filled(1, 2, 8), null)),
                    Map.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("q.lora_B must not be null");
    Map<String, LoraWeights> withNull = new HashMap<>();
    withNull.put("q", null);
    assertThatThrownBy(() -> new LoraAdapter(CONFIG, withNull, Map.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("the weights of q must not be null");
  }

  @Test
  void theRankMustBeTheConfigurations() {
    assertRefused(TestAdapters.filled(1, 3, 8), TestAdapters.filled(1, 4, 3))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("q has matrices of rank 3, but the configuration says 2");
  }

  @Test
  void aRankPatternAllowsOtherRanks() {
    LoraConfig config =
        new LoraConfig(2, 4, false, 0, "base", "CAUSAL_LM", Map.of("q", 3), Map.of());
    try (LoraAdapter adapter = new LoraAdapter(config, Map.of("q", weights(8, 4, 3)), Map.of())) {
      assertThat(adapter.modules()).containsExactly(new LoraModule("q", 8, 4, 3));
    }
  }

  @Test
  void anEmptyAdapterIsNone() {
    assertThatThrownBy(() -> new LoraAdapter(CONFIG, Map.of(), Map.of()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least one module");
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      INDArray a, INDArray b) {
    try (a;
        b) {
      return assertThatThrownBy(
          () -> new LoraAdapter(CONFIG, Map.of("q", new LoraWeights(a, b)), Map.of()));
    }
  }

  @Test
  void anUnknownModuleIsAnError() {
    try (LoraAdapter adapter = adapter()) {
      assertThatThrownBy(() -> adapter.weights("layers.0.q"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("the adapter has no module layers.0.q");
    }
  }

  @Test
  void closingFreesTheMatrices() {
    LoraAdapter adapter = adapter();
    INDArray a = adapter.weights("z").a();
    INDArray b = adapter.weights("a").b();

    adapter.close();

    assertThat(a.wasClosed()).isTrue();
    assertThat(b.wasClosed()).isTrue();
    assertThatThrownBy(() -> adapter.weights("z"))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("this adapter is closed");
  }

  @Test
  void closingTwiceIsNoError() {
    LoraAdapter adapter = adapter();
    adapter.close();

    assertThatCode(adapter::close).doesNotThrowAnyException();
    assertThat(adapter.parameterCount()).as("what it was").isEqualTo(44);
  }

  /** This module has no file format of its own; its tests have none on the class path. */
  @Test
  void savingWithoutAFormatOnTheClassPathSaysWhatToAdd(@TempDir Path folder) {
    try (LoraAdapter adapter = adapter()) {
      Path destination = folder.resolve("my-adapter");

      assertThatThrownBy(() -> adapter.save(destination))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining(destination.toString())
          .hasMessageContaining("add the dependency io.github.dnd4j:dnd-lora-io");
      assertThat(destination).doesNotExist();
    }
  }

  @Test
  void loadingWithoutAFormatOnTheClassPathSaysWhatToAdd(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("adapter.gguf"), "GGUF");

    assertThatThrownBy(() -> LoraAdapter.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("add the dependency io.github.dnd4j:dnd-lora-io");
  }

  @Test
  void loadingWhatDoesNotExistIsAnError(@TempDir Path folder) {
    Path missing = folder.resolve("missing");

    assertThatThrownBy(() -> LoraAdapter.load(missing))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("there is no adapter at " + missing);
    assertThatThrownBy(() -> LoraAdapter.load(null))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("source must not be null");
  }
}
