package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GgufFileTest {

  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int F32 = 0;
  private static final int Q4_0 = 2;

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadBack() {
    Path file = folder.resolve("model.gguf");
    try (INDArray matrix = HostFloats.toTensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        INDArray vector = HostFloats.toTensor(new float[] {0.5f, -1}, 2);
        INDArray integers = Nd4j.createFromArray(7, 8, 9)) {
      new GgufWriter()
          .put("text", "Grüße")
          .put("number", 3)
          .put("fraction", 0.25f)
          .put("flag", true)
          .put("words", List.of("a", "", "ü"))
          .put("kinds", new int[] {1, -1})
          .add("matrix", matrix, TensorType.F32)
          .add("vector", vector, TensorType.BF16)
          .add("integers", integers, TensorType.I32)
          .write(file);
    }

    try (TensorFile read = TensorFile.open(file);
        INDArray matrix = read.read("matrix");
        INDArray vector = read.read("vector");
        INDArray integers = read.read("integers")) {
      assertThat(read).isInstanceOf(GgufFile.class);
      assertThat(read.metadata())
          .containsExactly(
              Map.entry("flag", "true"),
              Map.entry("fraction", "0.25"),
              Map.entry("kinds", "2 x INT32"),
              Map.entry("number", "3"),
              Map.entry("text", "Grüße"),
              Map.entry("words", "3 x STRING"));
      assertThat(read.tensors().values())
          .containsExactly(
              new TensorInfo("matrix", TensorType.F32, List.of(2L, 3L)),
              new TensorInfo("vector", TensorType.BF16, List.of(2L)),
              new TensorInfo("integers", TensorType.I32, List.of(3L)));
      assertThat(matrix.toFloatMatrix()).isDeepEqualTo(new float[][] {{1, 2, 3}, {4, 5, 6}});
      assertThat(vector.toFloatVector()).containsExactly(0.5f, -1);
      assertThat(integers.toIntVector()).containsExactly(7, 8, 9);
    }
  }

  @Test
  void aFileIsLaidOutAsTheFormatSays() throws IOException {
    Path file = folder.resolve("model.gguf");
    try (INDArray matrix = HostFloats.toTensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)) {
      new GgufWriter().put("k", "v").add("m", matrix, TensorType.F32).write(file);
    }

    Bytes expected =
        new Bytes().header(3, 1, 1).text("k").u32(STRING).text("v").tensor("m", F32, 0, 3, 2);
    expected.pad().f32(1, 2, 3, 4, 5, 6).pad();
    assertThat(Files.readAllBytes(file)).isEqualTo(expected.toArray());
  }

  @Test
  void viewsAreWrittenAsTheyAreSeen() {
    Path file = folder.resolve("model.gguf");
    try (INDArray matrix = HostFloats.toTensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)) {
      new GgufWriter().add("m", matrix.transpose(), TensorType.F32).write(file);
    }

    try (TensorFile read = TensorFile.open(file);
        INDArray matrix = read.read("m")) {
      assertThat(matrix.toFloatMatrix()).isDeepEqualTo(new float[][] {{1, 4}, {2, 5}, {3, 6}});
    }
  }

  @Test
  void everyTypeOfValueAndTheOlderVersionAreRead() throws IOException {
    Bytes bytes = new Bytes().header(2, 0, 13);
    bytes.text("u8").u32(0).octet(255).text("i8").u32(1).octet(255);
    bytes.text("u16").u32(2).octet(255).octet(255).text("i16").u32(3).octet(255).octet(255);
    bytes.text("u32").u32(4).u32(-1).text("i32").u32(5).u32(-1);
    bytes.text("f32").u32(6).f32(1.5f).text("bool").u32(7).octet(0);
    bytes.text("text").u32(STRING).text("x").text("array").u32(ARRAY).u32(7).u64(1).octet(1);
    bytes.text("u64").u32(10).u64(-1).text("i64").u32(11).u64(-1);
    bytes.text("f64").u32(12).u64(Double.doubleToRawLongBits(0.1));

    try (GgufFile file = GgufFile.open(write(bytes))) {
      assertThat(file.metadata())
          .containsOnly(
              Map.entry("u8", "255"),
              Map.entry("i8", "-1"),
              Map.entry("u16", "65535"),
              Map.entry("i16", "-1"),
              Map.entry("u32", "4294967295"),
              Map.entry("i32", "-1"),
              Map.entry("f32", "1.5"),
              Map.entry("bool", "false"),
              Map.entry("text", "x"),
              Map.entry("array", "1 x BOOL"),
              Map.entry("u64", "18446744073709551615"),
              Map.entry("i64", "-1"),
              Map.entry("f64", "0.1"));
      assertThat(file.tensors()).isEmpty();
    }
  }

  @Test
  void otherAlignmentsAndOrdersOfTensorsAreRead() throws IOException {
    Bytes bytes = new Bytes().header(3, 2, 1).text("general.alignment").u32(4).u32(8);
    bytes.tensor("second", F32, 16, 1).tensor("first", F32, 0, 3);
    bytes.pad(8).f32(1, 2, 3).pad(8).f32(4);

    try (GgufFile file = GgufFile.open(write(bytes));
        INDArray first = file.read("first");
        INDArray second = file.read("second")) {
      assertThat(file.tensors().keySet()).containsExactly("second", "first");
      assertThat(first.toFloatVector()).containsExactly(1, 2, 3);
      assertThat(second.toFloatVector()).containsExactly(4);
    }
  }

  @Test
  void quantizedTensorsAreListedButNotRead() throws IOException {
    Bytes bytes = new Bytes().header(3, 2, 0).tensor("q", Q4_0, 0, 64, 2).tensor("f", F32, 96, 1);
    bytes.pad().zeros(4 * 18).pad().f32(7);

    try (GgufFile file = GgufFile.open(write(bytes));
        INDArray readable = file.read("f")) {
      assertThat(file.tensors().get("q"))
          .isEqualTo(new TensorInfo("q", TensorType.Q4_0, List.of(2L, 64L)));
      assertThat(readable.getFloat(0)).isEqualTo(7);
      assertThatThrownBy(() -> file.read("q"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.path().toString(), "'q'", "Q4_0", "F32, F16 or BF16");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theNumbersOfTypesAreOneToOne(TensorType type) {
    GgufTensorTypes.numberOf(type)
        .ifPresent(number -> assertThat(GgufTensorTypes.of(number)).hasValue(type));
    assertThat(GgufTensorTypes.numberOf(type).isPresent())
        .isEqualTo(!type.name().matches("U\\d+|BOOL|F8_.*"));
  }

  static Stream<Arguments> brokenFiles() {
    return Stream.of(
        broken("empty", "does not begin with GGUF", new Bytes()),
        broken("other magic", "does not begin with GGUF", new Bytes().u32(0x46554748)),
        broken("only magic", "the version takes 4 bytes", new Bytes().u32(GgufHeader.MAGIC)),
        broken("version 1", "version 1", new Bytes().header(1, 0, 0)),
        broken("version 4", "version 4", new Bytes().header(4, 0, 0)),
        broken("big-endian", "big-endian", new Bytes().header(0x03000000, 0, 0)),
        broken("negative tensor count", "18446744073709551615 tensors", header(-1, 0)),
        broken("many tensors", "131073 tensors, at most 131072", header(131_073, 0)),
        broken("many keys", "65537 keys, at most 65536", header(0, 65_537)),
        broken("fewer keys than said", "cut off: key 2 of 2", header(0, 2).key("a", 1)),
        broken("fewer tensors than said", "cut off: the name of tensor 1 of 1", header(1, 0)),
        broken("empty key", "key 1 of 1 is empty", header(0, 1).key("", 1)),
        broken("long key", "at most 65535", header(0, 1).u64(65_536).zeros(65_540)),
        broken("negative text length", "18446744073709551615 bytes", header(0, 1).u64(-1)),
        broken("key outside", "takes 100 bytes from byte 32", header(0, 1).u64(100).u32(0)),
        broken("key of no UTF-8", "no UTF-8", header(0, 1).u64(1).octet(0xff).u32(4).u32(1)),
        broken("key twice", "'a' occurs twice", header(0, 2).key("a", 1).key("a", 2)),
        broken("unknown value type", "'a' has the unknown type 13", value(13)),
        broken("negative value type", "'a' has the unknown type 4294967295", value(-1)),
        broken("value cut off", "the value of 'a' takes 4 bytes", value(4)),
        broken("truth of 2", "must be 0 or 1, but is 2", value(7).octet(2)),
        broken("long text", "at most 16777216", value(STRING).u64(1 << 25)),
        broken("text outside", "'a' takes 9 bytes", value(STRING).u64(9).u64(0)),
        broken("text of no UTF-8", "no UTF-8", value(STRING).u64(1).octet(0xc3)),
        broken("nested arrays", "array of arrays", value(ARRAY).u32(ARRAY).u64(1).u64(0)),
        broken("array of unknown type", "unknown type 99", value(ARRAY).u32(99).u64(1).u64(0)),
        broken("negative array", "18446744073709551615 elements", value(ARRAY).u32(0).u64(-1)),
        broken("array outside", "3 elements, but only 8", value(ARRAY).u32(4).u64(3).u64(0)),
        broken(
            "array that overflows",
            "4611686018427387904 elements",
            value(ARRAY).u32(4).u64(1L << 62).u64(0)),
        broken("texts outside", "2 elements", value(ARRAY).u32(STRING).u64(2).u64(0)),
        broken("text of an array outside", "takes 5 bytes", value(ARRAY).u32(STRING).u64(1).u64(5)),
        broken("alignment of text", "but is the STRING 32", alignment().u32(STRING).text("32")),
        broken("alignment 0", "power of two", alignment().u32(4).u32(0)),
        broken("alignment 24", "but is the UINT32 24", alignment().u32(4).u32(24)),
        broken("alignment 2^17", "from 8 to 65536", alignment().u32(4).u32(1 << 17)),
        broken("alignment 2^32-1", "4294967295", alignment().u32(4).u32(-1)),
        broken(
            "empty name", "the name of tensor 1 of 1 is empty", header(1, 0).tensor("", 0, 0, 1)),
        broken("long name", "65 bytes, at most 64", header(1, 0).tensor("x".repeat(65), 0, 0, 1)),
        broken("dimensions", "'t' has 5 dimensions, at most 4", one(F32, 0, 1, 1, 1, 1, 1)),
        broken("many dimensions", "4294967295 dimensions", header(1, 0).text("t").u32(-1)),
        broken("unknown type", "'t' has the unknown type 4", one(4, 0, 32)),
        broken("negative size", "negative size", one(F32, 0, -1)),
        broken("shape that overflows", "more than 2^63", one(F32, 0, 1L << 40, 1L << 40)),
        broken("half a block", "rows of 33 elements, but Q4_0", one(Q4_0, 0, 33)),
        broken("offset off alignment", "'t' begins at byte 4", one(F32, 4, 1).pad().zeros(64)),
        broken("negative offset", "18446744073709551584", one(F32, -32, 1).pad().zeros(64)),
        broken("tensor larger than the file", "takes 4000 bytes", one(F32, 0, 1000)),
        broken("offset outside", "takes 4 bytes from byte 4096", one(F32, 4096, 1).pad().zeros(32)),
        broken("data cut off", "'t' ends at byte", one(F32, 0, 16).pad().zeros(63)),
        broken("gap before", "there is a gap", one(F32, 32, 1).pad().zeros(64)),
        broken("gap between", "there is a gap", two(64).zeros(128)),
        broken("overlap", "they overlap", two(0).zeros(128)),
        broken("data that follows", "something follows", one(F32, 0, 1).pad().zeros(33)),
        broken(
            "name twice",
            "two tensors 't'",
            header(2, 0).tensor("t", F32, 0, 1).tensor("t", F32, 32, 1).pad().zeros(64)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenFiles")
  void brokenFilesAreRefused(String name, String message, byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("broken.gguf"), bytes);

    assertThatThrownBy(() -> GgufFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), message);
  }

  @Test
  void everyBeginningOfAFileIsRefused() throws IOException {
    byte[] whole = sample();
    Path file = folder.resolve("beginning.gguf");
    int data = whole.length - 32;
    // What is missing at the end may be padding, which the last tensor needs not have.
    for (int length = 0; length < data + 24; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> GgufFile.open(file)).isInstanceOf(FileFormatException.class);
    }
  }

  @Test
  void changedBytesAreReadOrRefused() throws IOException {
    byte[] whole = sample();
    Random random = new Random(1);
    Path file = folder.resolve("changed.gguf");
    int refused = 0;
    for (int round = 0; round < 2_000; round++) {
      byte[] changed = whole.clone();
      for (int i = 0; i <= random.nextInt(3); i++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      Files.write(file, changed);
      try (GgufFile read = GgufFile.open(file)) {
        assertThat(read.tensors().values())
            .allSatisfy(info -> assertThat(info.bytes()).isLessThanOrEqualTo(changed.length));
      } catch (FileFormatException e) {
        refused++;
        assertThat(e).hasMessageContaining(file.toString());
      }
    }
    assertThat(refused).isBetween(500, 1_999);
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("nowhere.gguf");
    assertThatThrownBy(() -> GgufFile.open(file))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining(file.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "größe", "a\n", "general.alignment"})
  void keysThatGgufCannotHaveAreRefused(String key) {
    GgufWriter writer = new GgufWriter();
    assertThatThrownBy(() -> writer.put(key, "x")).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> writer.put(key, 1)).isInstanceOf(InvalidInputException.class);
  }

  @Test
  void whatCannotBeStoredIsRefused() {
    GgufWriter writer = new GgufWriter().put("a", 1);
    INDArray floats = Nd4j.createFromArray(1f);
    writer.add("x".repeat(63), floats, TensorType.F32);

    refused(() -> writer.put("a", "again"), "already a value for the key 'a'");
    refused(() -> writer.put("b", -1), "must not be negative");
    refused(() -> writer.add("x".repeat(64), floats, TensorType.F32), "1 to 63 bytes");
    refused(() -> writer.add("", floats, TensorType.F32), "1 to 63 bytes");
    refused(() -> writer.add("x".repeat(63), floats, TensorType.F32), "already a tensor");
    refused(() -> writer.add("t", floats, TensorType.Q4_0), "cannot be stored as Q4_0");
    refused(() -> writer.add("t", Nd4j.scalar(1f), TensorType.F32), "1 to 4 axes, not 0");
    refused(() -> writer.add("t", Nd4j.ones(1, 1, 1, 1, 1), TensorType.F32), "1 to 4 axes, not 5");
    refused(
        () -> writer.add("t", Nd4j.ones(DataType.UINT8, 1), TensorType.U8), "GGUF has no type U8");
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable work, String message) {
    assertThatThrownBy(work)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(message);
  }

  private static Arguments broken(String name, String message, Bytes bytes) {
    return Arguments.of(name, message, bytes.toArray());
  }

  private static Bytes header(long tensors, long keys) {
    return new Bytes().header(3, tensors, keys);
  }

  private static Bytes value(int type) {
    return header(0, 1).text("a").u32(type);
  }

  private static Bytes alignment() {
    return header(0, 1).text("general.alignment");
  }

  private static Bytes one(int type, long offset, long... ne) {
    return header(1, 0).tensor("t", type, offset, ne);
  }

  private static Bytes two(long offset) {
    return header(2, 0).tensor("s", F32, 0, 1).tensor("t", F32, offset, 1).pad();
  }

  private static byte[] sample() {
    Bytes bytes = header(2, 3).key("number", 5).text("text").u32(STRING).text("words");
    bytes.text("array").u32(ARRAY).u32(STRING).u64(2).text("a").text("b");
    bytes.tensor("first", F32, 0, 2, 3).tensor("second", F32, 32, 6);
    return bytes.pad().f32(1, 2, 3, 4, 5, 6).pad().f32(1, 2, 3, 4, 5, 6).pad().toArray();
  }

  private Path write(Bytes bytes) throws IOException {
    return Files.write(folder.resolve("file.gguf"), bytes.toArray());
  }

  /** A file, written by hand. */
  private static final class Bytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Bytes header(int version, long tensors, long keys) {
      return u32(GgufHeader.MAGIC).u32(version).u64(tensors).u64(keys);
    }

    Bytes key(String key, int value) {
      return text(key).u32(4).u32(value);
    }

    Bytes tensor(String name, int type, long offset, long... ne) {
      text(name).u32(ne.length);
      for (long size : ne) {
        u64(size);
      }
      return u32(type).u64(offset);
    }

    Bytes text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      u64(utf8.length).bytes.writeBytes(utf8);
      return this;
    }

    Bytes octet(int value) {
      bytes.write(value);
      return this;
    }

    Bytes u32(int value) {
      bytes.writeBytes(little(4).putInt(value).array());
      return this;
    }

    Bytes u64(long value) {
      bytes.writeBytes(little(8).putLong(value).array());
      return this;
    }

    Bytes f32(float... values) {
      for (float value : values) {
        u32(Float.floatToRawIntBits(value));
      }
      return this;
    }

    Bytes zeros(int count) {
      bytes.writeBytes(new byte[count]);
      return this;
    }

    Bytes pad() {
      return pad(32);
    }

    Bytes pad(int alignment) {
      return zeros(Math.floorMod(-bytes.size(), alignment));
    }

    private static ByteBuffer little(int count) {
      return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    }

    byte[] toArray() {
      return bytes.toByteArray();
    }
  }
}
