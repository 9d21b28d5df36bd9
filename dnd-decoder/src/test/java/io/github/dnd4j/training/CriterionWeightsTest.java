package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.spi.ProgressListener;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Criterion weights")
class CriterionWeightsTest {

  private static final LoraTarget TARGET =
      new LoraTarget(
          "small",
          LoraConfig.of(2, 4, "base", LoraConfig.CAUSAL_LM),
          4,
          List.of(new LoraModule("layers.0.q", 8, 4, 2)));

  private static final WeightTokenizer TOKENIZER =
      new WeightTokenizer(TARGET, ScaleEncoding.reference());

  @TempDir private Path folder;

  @Test
  @DisplayName("are what PyTorch makes of the same tokens, cells of no weight left out")
  void golden() throws URISyntaxException {
    Path file = Path.of(getClass().getResource("/golden/criterion_weights.safetensors").toURI());
    try (TensorFile golden = TensorFile.open(file);
        TokenDeviation deviation = new TokenDeviation();
        INDArray expected = golden.read("weights")) {
      // given
      for (int k = 0; golden.tensors().containsKey("tokens." + k); k++) {
        try (INDArray tokens = golden.read("tokens." + k)) {
          deviation.add(tokens);
        }
      }
      // when
      float[] weights = deviation.weights();
      // then
      assertThat(weights).containsExactly(HostFloats.toArray(expected), within(2e-6f));
    }
  }

  @Test
  @DisplayName("come from checkpoints one after the other, and their mean is 1")
  void fromCheckpoints() {
    // given checkpoints whose first token varies most
    List<Path> checkpoints = List.of(checkpoint("a", 0), checkpoint("b", 1), checkpoint("c", 2));
    List<String> heard = new ArrayList<>();
    // when
    CriterionWeights weights =
        CriterionWeights.of(checkpoints, TOKENIZER, (done, total) -> heard.add(done + "/" + total));
    // then
    assertThat(heard).containsExactly("1/3", "2/3", "3/3");
    assertThat(weights.tokenCount()).isEqualTo(3);
    assertThat((weights.of(0) + weights.of(1) + weights.of(2)) / 3).isCloseTo(1, within(1e-6f));
    assertThat(weights.of(0)).isGreaterThan(weights.of(1)).isGreaterThan(weights.of(2));
  }

  /** An adapter whose first tile of A depends on the step, all else being the same. */
  private Path checkpoint(String name, int step) {
    float[] a = new float[16];
    float[] b = new float[8];
    for (int i = 0; i < a.length; i++) {
      a[i] = i % 8 < 4 ? (float) Math.sin(i * (1 + step)) : i;
    }
    for (int i = 0; i < b.length; i++) {
      b[i] = i * i;
    }
    LoraWeights weights =
        new LoraWeights(HostFloats.toTensor(a, 2, 8), HostFloats.toTensor(b, 4, 2));
    Path directory = folder.resolve(name);
    try (LoraAdapter adapter =
        new LoraAdapter(TARGET.config(), Map.of("layers.0.q", weights), Map.of())) {
      adapter.save(directory, WeightPrecision.F32);
    }
    return directory;
  }

  @Test
  @DisplayName("are the same after saving and loading")
  void roundTrip() {
    CriterionWeights weights = someWeights();
    Path file = folder.resolve("criterion.safetensors");
    weights.save(file);
    assertThat(CriterionWeights.load(file).toArray()).containsExactly(weights.toArray());
  }

  private CriterionWeights someWeights() {
    return CriterionWeights.of(
        List.of(checkpoint("a", 0), checkpoint("b", 1)), TOKENIZER, ProgressListener.NONE);
  }

  @Test
  @DisplayName(
      "load from a vector of whatever name, as the reference implementation publishes them")
  void singleTensor() {
    CriterionWeights weights = load(Map.of("tensor", vector(0.5f, 1.5f)));
    assertThat(weights.toArray()).containsExactly(0.5f, 1.5f);
  }

  @Test
  @DisplayName("have a mean over data sets")
  void mean() {
    CriterionWeights mean =
        CriterionWeights.mean(
            List.of(
                load(Map.of("tensor", vector(0.5f, 1.5f))),
                load(Map.of("tensor", vector(1.5f, 0.5f)))));
    assertThat(mean.toArray()).containsExactly(1, 1);
  }

  @Test
  @DisplayName("refuse one checkpoint, equal checkpoints, other targets and broken files")
  void refused() {
    Path a = checkpoint("a", 0);
    assertThatThrownBy(() -> CriterionWeights.of(List.of(a), TOKENIZER, ProgressListener.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least two");
    assertThatThrownBy(() -> CriterionWeights.of(List.of(a, a), TOKENIZER, ProgressListener.NONE))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("the same");
    CriterionWeights two = load(Map.of("tensor", vector(1, 1)));
    CriterionWeights three = load(Map.of("tensor", vector(1, 1, 1)));
    assertThatThrownBy(() -> CriterionWeights.mean(List.of(two, three)))
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("2")
        .hasMessageContaining("3");
    assertThatThrownBy(() -> load(Map.of("x", vector(1), "y", vector(1))))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("criterion_weight");
    assertThatThrownBy(() -> load(Map.of("tensor", vector(1, Float.NaN))))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("token 1");
  }

  private static INDArray vector(float... values) {
    return HostFloats.toTensor(values, values.length);
  }

  private CriterionWeights load(Map<String, INDArray> tensors) {
    Path file = folder.resolve("given.safetensors");
    SafetensorsWriter.write(file, tensors, TensorType.F32, Map.of());
    return CriterionWeights.load(file);
  }
}
