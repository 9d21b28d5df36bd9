package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("Optimizer steps, against PyTorch's AdamW")
class DecoderOptimizerTest {

  /** As in {@code src/test/scripts/adamw_steps.py}. */
  private static final HyperConvConfig CONFIG =
      HyperConvConfig.of("(3,8,10) (4,6,7) (4,6,7) (5,4,6)", 3);

  private static final int STEPS = 10;

  private static final AdamW.Settings ADAM_W = new AdamW.Settings(0.9, 0.999, 1e-8, 0.1);

  /**
   * Biases that a layer normalisation follows have no gradient: what Adam makes of its rounding is
   * no concern of anyone's, as it changes no output.
   */
  private static final List<String> NO_GRADIENT =
      List.of(
          "model.decoder.module_list.0.linear2.bias", "model.decoder.module_list.1.linear2.bias");

  @TempDir private Path folder;

  private static DecoderOptimizer.Settings settings(double rate, int accumulation) {
    return new DecoderOptimizer.Settings(
        new LearningRateSchedule(rate, 3, STEPS), ADAM_W, 1.5, accumulation);
  }

  private static TensorFile golden() {
    try {
      return TensorFile.open(
          Path.of(
              DecoderOptimizerTest.class.getResource("/golden/adamw_steps.safetensors").toURI()));
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** A decoder whose weights are those that the golden run starts from. */
  private HyperConvDecoder start(TensorFile golden) {
    Map<String, INDArray> weights = new LinkedHashMap<>();
    for (String name : golden.tensors().keySet()) {
      if (name.startsWith("start.")) {
        weights.put(name.substring("start.".length()), golden.read(name));
      }
    }
    Path file = folder.resolve("start.safetensors");
    SafetensorsWriter.write(file, weights, TensorType.F32, Map.of());
    weights.values().forEach(INDArray::close);
    return HyperConvDecoder.load(file, CONFIG);
  }

  private CriterionWeights criterion(TensorFile golden) {
    try (INDArray vector = golden.read("criterion")) {
      Path file = folder.resolve("criterion.safetensors");
      SafetensorsWriter.write(file, Map.of("w", vector), TensorType.F32, Map.of());
      return CriterionWeights.load(file);
    }
  }

  private static TrainingBatch batch(TensorFile golden, int step) {
    return new TrainingBatch(golden.read("condition." + step), golden.read("target." + step));
  }

  private static float[] values(TensorFile golden, String name) {
    try (INDArray tensor = golden.read(name)) {
      return HostFloats.toArray(tensor);
    }
  }

  @Test
  @DisplayName("have its losses, norms and weights, step by step")
  void golden10Steps() {
    try (TensorFile golden = golden();
        HyperConvDecoder decoder = start(golden);
        DecoderOptimizer optimizer =
            new DecoderOptimizer(decoder, criterion(golden), settings(2e-3, 1))) {
      float[] losses = values(golden, "losses");
      float[] norms = values(golden, "norms");
      for (int step = 0; step < STEPS; step++) {
        // when
        int current = step;
        DecoderOptimizer.Outcome outcome = optimizer.step(step, () -> batch(golden, current));
        // then
        assertThat(outcome.loss().loss()).isCloseTo(losses[step], within(1e-5));
        assertThat(outcome.gradientNorm()).isCloseTo(norms[step], within(1e-4));
      }
      assertWeights(golden, decoder, 1e-5);
    }
  }

  private void assertWeights(TensorFile golden, HyperConvDecoder decoder, double tolerance) {
    Path file = folder.resolve("end.safetensors");
    decoder.save(file);
    try (TensorFile end = TensorFile.open(file)) {
      assertThat(end.tensors()).hasSize(27);
      for (String name : end.tensors().keySet()) {
        if (!NO_GRADIENT.contains(name)) {
          assertThat(values(end, name))
              .as(name)
              .containsExactly(values(golden, "end." + name), within((float) tolerance));
        }
      }
    }
  }

  @Test
  @DisplayName("are those of one large batch when gradients are accumulated over small ones")
  void accumulation() {
    try (TensorFile golden = golden();
        HyperConvDecoder whole = start(golden);
        HyperConvDecoder inParts = start(golden);
        DecoderOptimizer one = new DecoderOptimizer(whole, criterion(golden), settings(2e-3, 1));
        DecoderOptimizer two =
            new DecoderOptimizer(inParts, criterion(golden), settings(2e-3, 2))) {
      // given two batches, and one of both
      int[] next = {0};
      // when
      DecoderOptimizer.Outcome expected = one.step(0, () -> joined(golden));
      DecoderOptimizer.Outcome actual = two.step(0, () -> batch(golden, next[0]++));
      // then
      assertThat(next[0]).isEqualTo(2);
      assertThat(actual.loss().loss()).isCloseTo(expected.loss().loss(), within(1e-6));
      assertThat(actual.loss().cells()).isEqualTo(expected.loss().cells());
      assertThat(actual.gradientNorm()).isCloseTo(expected.gradientNorm(), within(1e-5));
    }
  }

  private static TrainingBatch joined(TensorFile golden) {
    try (TrainingBatch a = batch(golden, 0);
        TrainingBatch b = batch(golden, 1)) {
      return new TrainingBatch(
          org.nd4j.linalg.factory.Nd4j.concat(0, a.conditions(), b.conditions()),
          org.nd4j.linalg.factory.Nd4j.concat(0, a.targets(), b.targets()));
    }
  }

  @Test
  @DisplayName("say the mean squares of generated and real tokens")
  void meanSquares() {
    try (TensorFile golden = golden();
        HyperConvDecoder decoder = start(golden);
        DecoderOptimizer optimizer =
            new DecoderOptimizer(decoder, criterion(golden), settings(2e-3, 1));
        TrainingBatch batch = batch(golden, 0);
        INDArray output =
            decoder.decode(batch.conditions(), io.github.dnd4j.spi.ProgressListener.NONE)) {
      // given
      float[] generated = HostFloats.toArray(output);
      float[] real = HostFloats.toArray(batch.targets());
      double generatedSquares = 0;
      double realSquares = 0;
      int cells = 0;
      for (int i = 0; i < real.length; i++) {
        if (!Float.isNaN(real[i])) {
          generatedSquares += generated[i] * generated[i];
          realSquares += real[i] * real[i];
          cells++;
        }
      }
      // when
      MaskedLoss.Result result = optimizer.evaluate(batch);
      // then
      assertThat(result.cells()).isEqualTo(cells).isLessThan(real.length);
      assertThat(result.generatedL2()).isCloseTo(generatedSquares / cells, within(1e-5));
      assertThat(result.realL2()).isCloseTo(realSquares / cells, within(1e-5));
    }
  }

  @Test
  @DisplayName("leave the weights alone and say so when the loss is not finite")
  void diverged() {
    try (TensorFile golden = golden();
        HyperConvDecoder decoder = start(golden);
        DecoderOptimizer optimizer =
            new DecoderOptimizer(decoder, criterion(golden), settings(2e-3, 1))) {
      // given
      String before = decoder.fingerprint();
      // when, then
      assertThatThrownBy(() -> optimizer.step(6, () -> broken(golden)))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("step 7")
          .hasMessageContaining("lower learning rate");
      decoder.weightsChanged();
      assertThat(decoder.fingerprint()).isEqualTo(before);
    }
  }

  private static TrainingBatch broken(TensorFile golden) {
    TrainingBatch batch = batch(golden, 0);
    HostFloats.of(batch.conditions()).write(0, new float[] {Float.NaN}, 0, 1);
    return batch;
  }
}
