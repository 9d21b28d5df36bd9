package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SafetensorsRoundTripTest {

  @TempDir Path folder;

  @Test
  void float32ComesBackExactly() {
    Path file = folder.resolve("weights.safetensors");
    INDArray weight = Nd4j.rand(DataType.FLOAT, 7, 5);
    INDArray bias = Nd4j.rand(DataType.FLOAT, 5);

    SafetensorsWriter.write(
        file, ordered("weight", weight, "bias", bias), TensorType.F32, Map.of("by", "a test"));

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.path()).isEqualTo(file);
      assertThat(read.tensors().keySet()).containsExactly("weight", "bias");
      assertThat(read.tensors().get("weight"))
          .isEqualTo(new TensorInfo("weight", TensorType.F32, List.of(7L, 5L)));
      assertThat(read.metadata()).containsExactly(Map.entry("by", "a test"));
      assertThat(read.read("weight")).isEqualTo(weight);
      assertThat(read.read("bias")).isEqualTo(bias);
    }
  }

  @Test
  void sixteenBitTypesRoundToTheirPrecision() {
    INDArray tensor = Nd4j.randn(DataType.FLOAT, 400, 800).muli(0.02);

    assertThat(largestRelativeError(tensor, TensorType.F16)).isLessThanOrEqualTo(0x1p-11);
    assertThat(largestRelativeError(tensor, TensorType.BF16)).isLessThanOrEqualTo(0x1p-8);
  }

  private double largestRelativeError(INDArray tensor, TensorType type) {
    Path file = folder.resolve(type + ".safetensors");
    SafetensorsWriter.write(file, Map.of("t", tensor), type, Map.of());
    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.tensors().get("t").bytes()).isEqualTo(tensor.length() * 2);
      float[] expected = HostFloats.toArray(tensor);
      float[] actual = HostFloats.toArray(read.read("t"));
      double largest = 0;
      for (int i = 0; i < expected.length; i++) {
        // Below the smallest normal half the error is absolute.
        if (Math.abs(expected[i]) >= 0x1p-14) {
          largest = Math.max(largest, Math.abs(actual[i] - expected[i]) / Math.abs(expected[i]));
        }
      }
      return largest;
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {"I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL", "F64"},
      mode = EnumSource.Mode.INCLUDE)
  void otherTypesComeBackAsTheyAre(TensorType type) {
    Path file = folder.resolve("integers.safetensors");
    INDArray array = Nd4j.create(new double[] {0, 1, 1, 0, 1, 1}, 2, 3).castTo(type.arrayType());

    new SafetensorsWriter().add("t", array, type).write(file);

    try (TensorFile read = TensorFile.open(file);
        INDArray tensor = read.read("t")) {
      assertThat(tensor.dataType()).isEqualTo(type.arrayType());
      assertThat(tensor).isEqualTo(array);
    }
  }

  @Test
  void integersStayAsTheyAreWhenFloatsAreRounded() {
    Path file = folder.resolve("mixed.safetensors");
    INDArray ids = Nd4j.createFromArray(3L, Long.MIN_VALUE, Long.MAX_VALUE);
    INDArray half = Nd4j.createFromArray(1.5f, -2f).castTo(DataType.FLOAT16);

    SafetensorsWriter.write(file, ordered("ids", ids, "half", half), TensorType.BF16, Map.of());

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.tensors().get("ids").type()).isEqualTo(TensorType.I64);
      assertThat(read.tensors().get("half").type()).isEqualTo(TensorType.BF16);
      assertThat(read.read("ids").toLongVector()).isEqualTo(ids.toLongVector());
      assertThat(read.read("half").toFloatVector()).containsExactly(1.5f, -2f);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "F16", "BF16"})
  void viewsAreWrittenInTheirOwnOrder(TensorType type) {
    Path file = folder.resolve("views.safetensors");
    INDArray whole = Nd4j.arange(24).castTo(DataType.FLOAT).reshape('c', 4, 6);
    Map<String, INDArray> views = new LinkedHashMap<>();
    views.put("rows", whole.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all()));
    views.put("columns", whole.get(NDArrayIndex.all(), NDArrayIndex.interval(2, 5)));
    views.put("everySecond", whole.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2, 6)));
    views.put("transposed", whole.transpose());
    views.put("fortran", whole.dup('f'));

    SafetensorsWriter.write(file, views, type, Map.of());

    try (TensorFile read = TensorFile.open(file)) {
      views.forEach(
          (name, view) ->
              assertThat(read.read(name).castTo(DataType.FLOAT)).as(name).isEqualTo(view));
    }
  }

  @Test
  void tensorsOfAnOpenFileAreReadWhenTheirTurnComes() {
    Path file = folder.resolve("source.safetensors");
    Path copy = folder.resolve("copy.safetensors");
    INDArray ids = Nd4j.createFromArray(3L, Long.MIN_VALUE);
    INDArray floats = Nd4j.createFromArray(1.5f, -2f, 0.1f);
    INDArray empty = Nd4j.create(DataType.FLOAT, 0, 3);
    new SafetensorsWriter()
        .add("ids", ids, TensorType.I64)
        .add("brain", floats, TensorType.BF16)
        .add("half", floats, TensorType.F16)
        .add("single", floats, TensorType.F32)
        .add("empty", empty, TensorType.F32)
        .write(file);

    try (TensorFile source = TensorFile.open(file)) {
      SafetensorsWriter writer = new SafetensorsWriter();
      source.tensors().values().forEach(info -> writer.add(source, info.name(), info.type()));
      writer.write(copy);
      assertThat(copy).hasSameBinaryContentAs(file);

      new SafetensorsWriter().add(source, "single", TensorType.BF16).write(copy);
      try (TensorFile read = TensorFile.open(copy)) {
        assertThat(read.read("single")).isEqualTo(source.read("brain"));
      }
      assertThatThrownBy(() -> writer.add(source, "single", TensorType.F32))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("already a tensor named 'single'");
      assertThatThrownBy(() -> writer.add(source, "ids", TensorType.F32))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("'ids'", "I64", "F32");
      assertThatThrownBy(() -> writer.add(source, "missing", TensorType.F32))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(file.toString(), "'missing'");
    }
  }

  @Test
  void scalarsAndEmptyTensorsKeepTheirShape() {
    Path file = folder.resolve("odd.safetensors");
    INDArray scalar = Nd4j.scalar(2.5f);
    INDArray empty = Nd4j.create(DataType.FLOAT, 0, 3);

    SafetensorsWriter.write(
        file, ordered("scalar", scalar, "empty", empty), TensorType.F32, Map.of());

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.tensors().get("scalar").shape()).isEmpty();
      assertThat(read.read("scalar").getFloat(0)).isEqualTo(2.5f);
      assertThat(read.read("scalar").rank()).isZero();
      assertThat(read.tensors().get("empty").shape()).containsExactly(0L, 3L);
      assertThat(read.read("empty").shape()).containsExactly(0, 3);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "F16", "BF16"})
  void readsIntoAViewOfALargerArray(TensorType type) {
    Path file = folder.resolve("part.safetensors");
    INDArray part = Nd4j.arange(6).castTo(DataType.FLOAT).reshape('c', 2, 3);
    SafetensorsWriter.write(file, Map.of("part", part), type, Map.of());
    INDArray parameters = Nd4j.valueArrayOf(new long[] {10}, -1f, DataType.FLOAT);
    INDArray view = parameters.get(NDArrayIndex.interval(3, 9)).reshape('c', 2, 3);

    try (TensorFile read = TensorFile.open(file)) {
      read.readInto("part", view);
    }

    assertThat(parameters.toFloatVector()).containsExactly(-1, -1, -1, 0, 1, 2, 3, 4, 5, -1);
  }

  @ParameterizedTest
  @EnumSource(names = {"F64", "F32", "F16", "BF16"})
  void readsTensorsOfManyPieces(TensorType type) {
    // small whole numbers, which all types hold
    float[] values = new float[600_001];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 7919L % 257;
    }
    Path file = folder.resolve("long.safetensors");
    SafetensorsWriter.write(file, Map.of("t", Nd4j.createFromArray(values)), type, Map.of());

    try (TensorFile read = TensorFile.open(file);
        INDArray half = Nd4j.create(DataType.FLOAT16, values.length);
        INDArray bfloat16 = Nd4j.create(DataType.BFLOAT16, values.length);
        INDArray floats = Nd4j.create(DataType.FLOAT, values.length)) {
      for (INDArray target : List.of(half, bfloat16, floats)) {
        read.readInto("t", target);
        assertThat(target.castTo(DataType.FLOAT).toFloatVector()).isEqualTo(values);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void aFileThatBecameShorterIsRefused(TensorType type) throws IOException {
    Path file = folder.resolve("long.safetensors");
    INDArray tensor = Nd4j.ones(DataType.FLOAT, 600_001);
    SafetensorsWriter.write(file, Map.of("t", tensor), type, Map.of());

    try (TensorFile read = TensorFile.open(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 1);

      assertThatThrownBy(() -> read.readInto("t", tensor))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), "'t'", "cut off");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void readsIntoAViewOfSixteenBits(TensorType type) {
    Path file = folder.resolve("part.safetensors");
    INDArray part = Nd4j.createFromArray(0.5f, 1 + 0x1p-8f, -3f); // a tie for bfloat16
    SafetensorsWriter.write(file, Map.of("part", part), type, Map.of());
    INDArray parameters = Nd4j.valueArrayOf(new long[] {5}, -1f, DataType.BFLOAT16);

    try (TensorFile read = TensorFile.open(file)) {
      read.readInto("part", parameters.get(NDArrayIndex.interval(1, 4)));
    }

    assertThat(parameters.castTo(DataType.FLOAT).toFloatVector())
        .containsExactly(-1, 0.5f, 1, -3, -1);
  }

  @Test
  void tensorsOutliveTheWorkspaceThatTheyAreReadIn() {
    Path file = folder.resolve("t.safetensors");
    INDArray expected = Nd4j.createFromArray(1f, 2f);
    SafetensorsWriter.write(file, Map.of("t", expected), TensorType.F32, Map.of());

    INDArray tensor;
    try (TensorFile read = TensorFile.open(file);
        var workspace =
            Nd4j.getWorkspaceManager()
                .getAndActivateWorkspace(
                    WorkspaceConfiguration.builder().initialSize(1 << 20).build(), "test")) {
      tensor = read.read("t");
    }

    assertThat(tensor.isAttached()).isFalse();
    assertThat(tensor).isEqualTo(expected);
  }

  @Test
  void aTargetThatDoesNotFitIsRefused() {
    Path file = folder.resolve("t.safetensors");
    SafetensorsWriter.write(
        file,
        ordered("t", Nd4j.rand(DataType.FLOAT, 2, 3), "ids", Nd4j.createFromArray(1, 2)),
        TensorType.F32,
        Map.of());

    try (TensorFile read = TensorFile.open(file)) {
      assertThatThrownBy(() -> read.readInto("t", Nd4j.create(DataType.FLOAT, 3, 2)))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContainingAll(file.toString(), "'t'", "[2, 3]", "[3, 2]");
      assertThatThrownBy(() -> read.readInto("t", Nd4j.create(DataType.DOUBLE, 2, 3)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("FLOAT");
      assertThatThrownBy(() -> read.readInto("t", Nd4j.create(DataType.FLOAT, 3, 2).transpose()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("contiguous");
      assertThatThrownBy(() -> read.readInto("ids", Nd4j.create(DataType.FLOAT, 2)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("I32");
      assertThatThrownBy(() -> read.read("missing"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("no tensor 'missing'");
    }
  }

  @Test
  void theSameTensorsGiveTheSameBytesInAValidLayout() throws IOException {
    Path first = folder.resolve("1.safetensors");
    Path second = folder.resolve("2.safetensors");
    INDArray tensor = Nd4j.createFromArray(1f, -2f);
    Map<String, String> metadata = Map.of("z", "last", "a", "\"quoted\" \u00e4");
    SafetensorsWriter.write(first, Map.of("t", tensor), TensorType.F32, metadata);
    SafetensorsWriter.write(second, Map.of("t", tensor), TensorType.F32, metadata);

    byte[] bytes = Files.readAllBytes(first);

    assertThat(bytes).isEqualTo(Files.readAllBytes(second));
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int headerLength = Math.toIntExact(buffer.getLong());
    assertThat(headerLength % 8).isZero();
    assertThat(new String(bytes, 8, headerLength, StandardCharsets.UTF_8).strip())
        .isEqualTo(
            "{\"__metadata__\":{\"a\":\"\\\"quoted\\\" \u00e4\",\"z\":\"last\"},"
                + "\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
    assertThat(buffer.getFloat(8 + headerLength)).isEqualTo(1f);
    assertThat(buffer.getFloat(8 + headerLength + 4)).isEqualTo(-2f);
    assertThat(bytes).hasSize(8 + headerLength + 8);
  }

  @Test
  void whatCannotBeStoredIsRefused() {
    SafetensorsWriter writer = new SafetensorsWriter();
    INDArray floats = Nd4j.createFromArray(1f);
    writer.add("t", floats, TensorType.F32);

    assertThatThrownBy(() -> writer.add("t", floats, TensorType.F32))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("already a tensor named 't'");
    assertThatThrownBy(() -> writer.add("i", floats, TensorType.I32))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("'i'", "FLOAT", "I32");
    assertThatThrownBy(() -> writer.add("f8", floats, TensorType.F8_E4M3))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> writer.add("__metadata__", floats, TensorType.F32))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void aFileThatCannotBeWrittenLeavesNothingBehind() throws IOException {
    Path notAFolder = Files.writeString(folder.resolve("file"), "x");

    assertThatThrownBy(
            () ->
                SafetensorsWriter.write(
                    notAFolder.resolve("t.safetensors"),
                    Map.of("t", Nd4j.createFromArray(1f)),
                    TensorType.F32,
                    Map.of()))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("t.safetensors");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(notAFolder);
    }
  }

  @Test
  void aClosedFileCannotBeRead() {
    Path file = folder.resolve("t.safetensors");
    SafetensorsWriter.write(file, Map.of("t", Nd4j.createFromArray(1f)), TensorType.F32, Map.of());
    TensorFile read = TensorFile.open(file);
    read.close();
    read.close();

    assertThatThrownBy(() -> read.read("t"))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("still open");
  }

  private static Map<String, INDArray> ordered(
      String name1, INDArray array1, String name2, INDArray array2) {
    Map<String, INDArray> map = new LinkedHashMap<>();
    map.put(name1, array1);
    map.put(name2, array2);
    return map;
  }
}
