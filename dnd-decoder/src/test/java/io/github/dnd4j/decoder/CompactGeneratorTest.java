package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.LoadOptions;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("A generator directory that is opened with 16 bits of each weight")
class CompactGeneratorTest {

  private static final LoraTarget TARGET =
      new LoraTarget(
          "small",
          new LoraConfig(2, 4, false, 0, "base", LoraConfig.CAUSAL_LM, Map.of(), Map.of()),
          4,
          List.of(new LoraModule("layers.0.q", 8, 4, 2)));

  /** From three prompts of eight tokens to what the target has. */
  private static final HyperConvConfig CONFIG =
      HyperConvConfig.of(
          "(3,8,10) ("
              + TARGET.tokenCount()
              + ","
              + TARGET.tokenHeight()
              + ","
              + TARGET.tokenWidth()
              + ")",
          3);

  private static final List<String> PROMPTS = List.of("one", "two", "three");
  private static final LoadOptions COMPACT = LoadOptions.defaults().withCompact(true);
  private static final String CONV = "model.decoder.module_list.0.linear1.conv1w.weight";

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  @DisplayName("generates bit for bit what it does in float32, and is the same generator")
  void sameAdapters(WeightPrecision precision) {
    // given
    Path directory = saved(precision);
    // when
    try (DragAndDrop floats =
            DragAndDrop.load(directory, new TextLengthEncoder(), LoadOptions.defaults());
        DragAndDrop compact = DragAndDrop.load(directory, new TextLengthEncoder(), COMPACT);
        LoraAdapter expected = floats.generate(PROMPTS);
        LoraAdapter adapter = compact.generate(PROMPTS)) {
      // then
      assertThat(numbers(adapter)).isEqualTo(numbers(expected)).hasSize(24);
      assertThat(compact.fingerprint()).isEqualTo(floats.fingerprint());
    }
  }

  @Test
  @DisplayName("is saved as it is in memory, in 16 bits, so that it opens so again")
  void savesAgain() {
    // given
    Path again = folder.resolve("again");
    try (DragAndDrop compact =
        DragAndDrop.load(saved(WeightPrecision.BF16), new TextLengthEncoder(), COMPACT)) {
      // when
      compact.save(again);
      // then
      try (TensorFile file = TensorFile.open(again.resolve("decoder.safetensors"));
          DragAndDrop loaded = DragAndDrop.load(again, new TextLengthEncoder(), COMPACT)) {
        assertThat(file.tensors().get(CONV).type()).isEqualTo(TensorType.BF16);
        assertThat(loaded.fingerprint()).isEqualTo(compact.fingerprint());
      }
    }
  }

  @Test
  @DisplayName("is refused in float32, as rounded weights are another generator's")
  void refusesFloats() {
    // given
    Path directory = saved(WeightPrecision.F32);
    TextLengthEncoder encoder = new TextLengthEncoder();
    // when and then
    assertThatThrownBy(() -> DragAndDrop.load(directory, encoder, COMPACT))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(directory.resolve("decoder.safetensors").toString())
        .hasMessageContaining("DragAndDrop.save(directory, WeightPrecision.BF16)");
    assertThat(encoder.closed).isTrue();
  }

  private Path saved(WeightPrecision precision) {
    Path directory = folder.resolve("generator-" + precision);
    try (DragAndDrop generator =
        DragAndDrop.builder()
            .encoder(new TextLengthEncoder())
            .decoder(HyperConvDecoder.fresh(CONFIG, 5))
            .target(TARGET)
            .build()) {
      generator.save(directory, precision);
    }
    return directory;
  }

  private static List<Float> numbers(LoraAdapter adapter) {
    List<Float> numbers = new ArrayList<>();
    for (LoraModule module : adapter.modules()) {
      LoraWeights weights = adapter.weights(module.path());
      for (INDArray matrix : List.of(weights.a(), weights.b())) {
        for (float number : HostFloats.toArray(matrix)) {
          numbers.add(number);
        }
      }
    }
    return numbers;
  }

  /** Hidden states that depend on how long a text is. */
  private static final class TextLengthEncoder implements PromptEncoder {

    private boolean closed;

    @Override
    public int dimension() {
      return CONFIG.conditionShape().dimension();
    }

    @Override
    public INDArray encode(List<String> prompts, int textLength, ProgressListener progress) {
      float[] states = new float[prompts.size() * textLength * dimension()];
      int each = textLength * dimension();
      for (int i = 0; i < states.length; i++) {
        states[i] = (float) Math.sin(i * (1 + prompts.get(i / each).length()));
      }
      return HostFloats.toTensor(states, prompts.size(), textLength, dimension());
    }

    @Override
    public ComponentSpec spec() {
      return new ComponentSpec("test-text-length", Map.of());
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
