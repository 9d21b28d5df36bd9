package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.WeightDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("A decoder of 16-bit weights")
class Frozen16BitDecoderTest {

  private static final HyperConvConfig CONFIG =
      HyperConvConfig.of("(3,8,10) (4,6,7) (4,6,7)", 3)
          .withSqueeze(new LengthSqueeze(Variant.PERMUTE, 12));

  private static final String CONV = "model.decoder.module_list.0.linear1.conv1w.weight";
  private static final String NORM = "model.decoder.module_list.0.linear1.norm.weight";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "BF16, DIRECT, PERMUTE",
    "BF16, FAST, RESHAPE",
    "BF16, AUTO, PERMUTE",
    "F16, DIRECT, RESHAPE",
    "F16, FAST, PERMUTE"
  })
  @DisplayName("decodes bit by bit what a float32 decoder of the same weights does")
  void sameAsFloats(WeightPrecision precision, ConvolutionEngine engine, Variant variant) {
    // given
    HyperConvConfig config = CONFIG.withSqueeze(new LengthSqueeze(variant, 12));
    Path file = written(config, precision);
    List<String> heard = new ArrayList<>();
    try (Convolution convolution = engine.create();
        HyperConvDecoder floats = HyperConvDecoder.load(file, config, convolution);
        // when
        Frozen16BitDecoder decoder = Frozen16BitDecoder.load(file, config, convolution);
        INDArray conditions = Tensors.gaussian(1, 2, 3, 12, 10);
        INDArray expected = floats.decode(conditions, ProgressListener.NONE);
        INDArray tokens =
            decoder.decode(conditions, (done, total) -> heard.add(done + "/" + total))) {
      // then
      assertThat(Tensors.values(tokens)).isEqualTo(Tensors.values(expected));
      assertThat(decoder.fingerprint()).isEqualTo(floats.fingerprint());
      assertThat(decoder.spec()).isEqualTo(floats.spec());
      assertThat(decoder.conditionShape()).isEqualTo(floats.conditionShape());
      assertThat(decoder.tokenShape()).isEqualTo(floats.tokenShape());
      assertThat(heard).containsExactly("0/3", "1/3", "2/3", "3/3");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  @DisplayName("keeps convolutions' weights in 16 bits, and closes all of its memory")
  void memory(WeightPrecision precision) {
    // given
    Path file = written(CONFIG, precision);
    List<DecoderLayer> layers = DecoderGraph.layersOf(CONFIG);
    DataType type = precision == WeightPrecision.BF16 ? DataType.BFLOAT16 : DataType.FLOAT16;
    try (TensorFile tensors = TensorFile.open(file)) {
      // when
      FrozenParameters parameters = FrozenParameters.read(tensors, layers, Optional.empty());
      // then
      assertThat(parameters.byFileName().get(CONV).dataType()).isEqualTo(type);
      assertThat(parameters.byFileName().get(NORM).dataType()).isEqualTo(DataType.FLOAT);
      assertThat(parameters.byFileName()).hasSize(22);
      // and when
      parameters.close();
      // then
      assertThat(parameters.byFileName().values()).allMatch(INDArray::wasClosed);
    }
  }

  @Test
  @DisplayName("leaves nothing of a decoding open but its result")
  void closesMaps() {
    // given
    RecordingConvolution convolution = new RecordingConvolution();
    Path file = written(CONFIG, WeightPrecision.BF16);
    try (Frozen16BitDecoder decoder = Frozen16BitDecoder.load(file, CONFIG, convolution);
        INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10)) {
      // when
      decoder.decode(conditions, ProgressListener.NONE).close();
      // then
      assertThat(convolution.calls()).isEqualTo(12);
      assertThat(convolution.open()).isZero();
      assertThat(conditions.wasClosed()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  @DisplayName("writes its weights as they are, or the same values in float32")
  void saves(WeightPrecision precision) throws IOException {
    // given
    Path file = written(CONFIG, precision);
    Path asTheyAre = folder.resolve("as-they-are.safetensors");
    Path all16Bits = folder.resolve("16-bits.safetensors");
    Path floats = folder.resolve("floats.safetensors");
    try (Frozen16BitDecoder decoder = Frozen16BitDecoder.load(file, CONFIG)) {
      // when
      decoder.save(asTheyAre);
      decoder.save(all16Bits, precision);
      decoder.save(floats, WeightPrecision.F32);
      // then
      assertThat(all16Bits).hasSameBinaryContentAs(file);
      try (TensorFile tensors = TensorFile.open(asTheyAre)) {
        assertThat(tensors.tensors().get(CONV).type()).isEqualTo(TensorType.of(precision));
        assertThat(tensors.tensors().get(NORM).type()).isEqualTo(TensorType.F32);
      }
      try (Frozen16BitDecoder again = Frozen16BitDecoder.load(asTheyAre, CONFIG);
          HyperConvDecoder float32 = HyperConvDecoder.load(floats, CONFIG)) {
        assertThat(again.fingerprint()).isEqualTo(decoder.fingerprint());
        assertThat(float32.fingerprint()).isEqualTo(decoder.fingerprint());
      }
    }
  }

  @Test
  @DisplayName("refuses weights of more bits, unless it may round them")
  void roundsWhenAsked() {
    // given
    Path floats = written(CONFIG, WeightPrecision.F32);
    assertThatThrownBy(() -> Frozen16BitDecoder.load(floats, CONFIG))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll(floats.toString(), CONV, "F32", "BF16", "HyperConvDecoder");
    assertThatThrownBy(() -> Frozen16BitDecoder.load(floats, CONFIG, WeightPrecision.F32))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("F32");
    for (WeightPrecision precision : List.of(WeightPrecision.BF16, WeightPrecision.F16)) {
      // when
      try (Frozen16BitDecoder rounded = Frozen16BitDecoder.load(floats, CONFIG, precision);
          HyperConvDecoder expected = HyperConvDecoder.load(written(CONFIG, precision), CONFIG)) {
        // then convolutions' weights are those of a rounded file, and all others still float32
        Path saved = folder.resolve("rounded-" + precision + ".safetensors");
        rounded.save(saved, precision);
        try (HyperConvDecoder again = HyperConvDecoder.load(saved, CONFIG)) {
          assertThat(again.fingerprint()).isEqualTo(expected.fingerprint());
        }
        assertThat(rounded.fingerprint()).isNotEqualTo(expected.fingerprint());
      }
    }
  }

  @Test
  @DisplayName("keeps weights of 16 bits as they are even if others may be rounded")
  void keepsWhatNeedsNoRounding() {
    Path file = written(CONFIG, WeightPrecision.F16);
    try (Frozen16BitDecoder decoder = Frozen16BitDecoder.load(file, CONFIG, WeightPrecision.BF16);
        Frozen16BitDecoder plain = Frozen16BitDecoder.load(file, CONFIG)) {
      assertThat(decoder.fingerprint()).isEqualTo(plain.fingerprint());
    }
  }

  @Test
  @DisplayName("opens the reference implementation's checkpoints, rounded")
  void pytorch() {
    try (WeightDecoder decoder =
            Frozen16BitDecoder.load(
                Golden.file("hyper_conv_weights.pth"), Golden.CONFIG, WeightPrecision.F16);
        TensorFile golden = Golden.open("hyper_conv_values.safetensors");
        INDArray condition = golden.read("condition");
        INDArray expected = golden.read("output");
        INDArray tokens = decoder.decode(condition, ProgressListener.NONE)) {
      Golden.assertClose("output", tokens, expected, 2e-3);
    }
  }

  @Test
  @DisplayName("refuses files that are broken or of another structure")
  void brokenFiles() throws IOException {
    // given
    Path file = written(CONFIG, WeightPrecision.BF16);
    Path truncated = folder.resolve("truncated.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(truncated, Arrays.copyOf(bytes, bytes.length - 1));
    // then
    assertThatThrownBy(() -> Frozen16BitDecoder.load(truncated, CONFIG))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(truncated.toString());
    assertThatThrownBy(() -> Frozen16BitDecoder.load(file, HyperConvPreset.MINILM_L6))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), "preset");
  }

  @Test
  @DisplayName("cannot be used when it is closed, and may be closed again")
  void closed() {
    // given
    Frozen16BitDecoder decoder =
        Frozen16BitDecoder.load(written(CONFIG, WeightPrecision.BF16), CONFIG);
    // when
    decoder.close();
    decoder.close();
    // then
    try (INDArray conditions = Tensors.gaussian(1, 1, 3, 12, 10)) {
      assertThatThrownBy(() -> decoder.decode(conditions, ProgressListener.NONE))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("closed");
    }
    assertThatThrownBy(decoder::fingerprint).isInstanceOf(DragAndDropException.class);
    assertThatThrownBy(() -> decoder.save(folder.resolve("none")))
        .isInstanceOf(DragAndDropException.class);
  }

  private Path written(HyperConvConfig config, WeightPrecision precision) {
    Path file = folder.resolve("decoder-" + precision + ".safetensors");
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(config, 4)) {
      decoder.save(file, precision);
    }
    return file;
  }
}
