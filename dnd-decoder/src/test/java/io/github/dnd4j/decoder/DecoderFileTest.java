package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.Parts;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.WeightDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("Files of a decoder's weights")
class DecoderFileTest {

  private static final HyperConvConfig CONFIG =
      HyperConvConfig.of("(3,8,10) (4,6,7)", 3).withSqueeze(new LengthSqueeze(Variant.RESHAPE, 12));

  private static final String CONV = "model.decoder.module_list.0.linear1.conv1w.weight";

  @TempDir private Path folder;

  @Test
  @DisplayName("bring float32 weights back bit by bit")
  void roundTrip() {
    // given
    Path file = folder.resolve("decoder.safetensors");
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 4)) {
      // when
      decoder.save(file);
      // then
      try (HyperConvDecoder read = HyperConvDecoder.load(file, CONFIG)) {
        assertThat(weights(read)).isEqualTo(weights(decoder));
        assertThat(read.fingerprint()).isEqualTo(decoder.fingerprint());
        assertThat(decoded(read)).isEqualTo(decoded(decoder));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  @DisplayName("bring weights of half precision back as closely as it can hold them")
  void halfPrecision(WeightPrecision precision) {
    // given
    Path file = folder.resolve("decoder.safetensors");
    double step = precision == WeightPrecision.BF16 ? 1.0 / 256 : 1.0 / 2048;
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 4)) {
      // when
      decoder.save(file, precision);
      // then
      try (HyperConvDecoder read = HyperConvDecoder.load(file, CONFIG)) {
        float[] expected = weights(decoder);
        float[] actual = weights(read);
        for (int i = 0; i < expected.length; i++) {
          // 2^-24 is F16's smallest number
          assertThat((double) Math.abs(actual[i] - expected[i]))
              .isLessThanOrEqualTo(step * Math.abs(expected[i]) + 0x1p-25);
        }
        assertThat(read.fingerprint()).isNotEqualTo(decoder.fingerprint());
      }
    }
  }

  @Test
  @DisplayName("say in their metadata what decoder they are of")
  void metadata() {
    // given
    Path file = folder.resolve("decoder.safetensors");
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 4)) {
      decoder.save(file);
    }
    // when
    try (TensorFile tensors = TensorFile.open(file)) {
      // then
      assertThat(tensors.metadata())
          .containsEntry("format", "pt")
          .containsEntry("features", "(3,8,10) (4,6,7)")
          .containsEntry("kernel", "3")
          .containsEntry("squeeze", "reshape:12");
      assertThat(tensors.tensors())
          .containsKeys(CONV, "down_proj.weight", "gate_proj.bias")
          .hasSize(13);
    }
  }

  @Test
  @DisplayName("have the fingerprint of their weights, whatever their kind")
  void fingerprintOfKinds() {
    try (HyperConvDecoder pytorch =
            HyperConvDecoder.load(Golden.file("hyper_conv_weights.pth"), Golden.CONFIG);
        HyperConvDecoder safetensors =
            HyperConvDecoder.load(Golden.file("hyper_conv_weights.safetensors"), Golden.CONFIG)) {
      assertThat(pytorch.fingerprint()).isEqualTo(safetensors.fingerprint());
    }
  }

  @Test
  @DisplayName("have another fingerprint when one weight changes")
  void fingerprintOfOtherWeights() {
    // given
    Path plain = written(tensors -> {});
    Path changed = written(tensors -> tensors.get(CONV).putScalar(0, 0.125));
    // then
    try (HyperConvDecoder first = HyperConvDecoder.load(plain, CONFIG);
        HyperConvDecoder second = HyperConvDecoder.load(changed, CONFIG)) {
      assertThat(second.fingerprint()).isNotEqualTo(first.fingerprint());
    }
  }

  @Test
  @DisplayName("may hold what the reference implementation saves beside the decoder")
  void otherEntries() {
    // given
    Path file =
        written(
            tensors -> {
              tensors.put("criterion_weight", Nd4j.ones(DataType.FLOAT, 1, 4, 1, 1));
              tensors.put(
                  "condition_module.embeddings.position_ids", Nd4j.ones(DataType.INT64, 1, 512));
            });
    // then
    try (HyperConvDecoder read = HyperConvDecoder.load(file, CONFIG);
        HyperConvDecoder expected = HyperConvDecoder.fresh(CONFIG, 4)) {
      assertThat(read.fingerprint()).isEqualTo(expected.fingerprint());
    }
  }

  @Test
  @DisplayName("are refused when they are not there")
  void missingFile() {
    assertRefused(
        folder.resolve("none.safetensors"), FileAccessException.class, "none.safetensors");
  }

  @Test
  @DisplayName("are refused with the name of a tensor that is missing")
  void missingTensor() {
    Path file = written(tensors -> tensors.remove(CONV));
    assertRefused(file, FileFormatException.class, file.toString(), "lacks", CONV);
  }

  @Test
  @DisplayName("are refused with the name of a tensor that is too much")
  void extraTensor() {
    String extra = "model.decoder.module_list.1.linear2.bias";
    Path file = written(tensors -> tensors.put(extra, Nd4j.ones(DataType.FLOAT, 4)));
    assertRefused(
        file, FileFormatException.class, file.toString(), extra, "(3,8,10), (4,6,7)", "preset");
  }

  @Test
  @DisplayName("are refused with both shapes of a tensor that has another")
  void wrongShape() {
    Path file = written(tensors -> tensors.put(CONV, Nd4j.ones(DataType.FLOAT, 7, 10, 5, 5)));
    assertRefused(
        file,
        FileFormatException.class,
        file.toString(),
        CONV,
        "[7, 10, 5, 5]",
        "[7, 10, 3, 3]",
        "kernel");
  }

  @Test
  @DisplayName("are refused when their weights are whole numbers")
  void wholeNumbers() {
    Path file = written(tensors -> tensors.put(CONV, Nd4j.ones(DataType.INT32, 7, 10, 3, 3)));
    assertRefused(file, FileFormatException.class, file.toString(), CONV, "I32", "BF16");
  }

  @Test
  @DisplayName("are refused when they end early")
  void truncated() throws IOException {
    // given
    Path whole = written(tensors -> {});
    byte[] bytes = Files.readAllBytes(whole);
    Path file = folder.resolve("truncated.safetensors");
    for (int length : new int[] {0, 5, 200, bytes.length - 1}) {
      Files.write(file, Arrays.copyOf(bytes, length));
      // then
      assertRefused(file, FileFormatException.class, file.toString());
    }
  }

  @Test
  @DisplayName("open by the name of a saved generator's decoder")
  void provider() {
    // given
    Path file = folder.resolve("decoder.safetensors");
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 4)) {
      decoder.save(file);
      // when
      try (WeightDecoder opened = Parts.openDecoder(decoder.spec(), file)) {
        // then
        assertThat(opened).isInstanceOf(HyperConvDecoder.class);
        assertThat(opened.spec()).isEqualTo(decoder.spec());
        assertThat(opened.conditionShape()).isEqualTo(decoder.conditionShape());
        assertThat(opened.tokenShape()).isEqualTo(decoder.tokenShape());
        assertThat(decoded(opened)).isEqualTo(decoded(decoder));
      }
    }
  }

  private static void assertRefused(
      Path file, Class<? extends DragAndDropException> type, String... said) {
    assertThatThrownBy(() -> HyperConvDecoder.load(file, CONFIG))
        .isInstanceOf(type)
        .hasMessageContainingAll(said);
  }

  /** A file of a fresh decoder's tensors after a change. */
  private Path written(Consumer<Map<String, INDArray>> change) {
    Path file = folder.resolve("written-" + folder.toFile().list().length + ".safetensors");
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(CONFIG, 4)) {
      Map<String, INDArray> tensors =
          new LinkedHashMap<>(DecoderGraph.parametersByFileName(decoder.graph()));
      change.accept(tensors);
      SafetensorsWriter writer = new SafetensorsWriter();
      tensors.forEach(
          (name, tensor) ->
              writer.add(name, tensor, TensorType.of(tensor.dataType()).orElseThrow()));
      writer.write(file);
    }
    return file;
  }

  private static float[] weights(HyperConvDecoder decoder) {
    return Tensors.values(decoder.graph().params());
  }

  private static float[] decoded(WeightDecoder decoder) {
    try (INDArray conditions = Tensors.gaussian(1, 2, 3, 12, 10);
        INDArray tokens = decoder.decode(conditions, ProgressListener.NONE)) {
      return Tensors.values(tokens);
    }
  }
}
