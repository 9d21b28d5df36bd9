package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {

  private static final String GOOD = "{'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}";

  @TempDir Path folder;

  @Test
  void tensorsComeInTheOrderOfTheHeaderWhereverTheyLie() throws IOException {
    Path file =
        write(
            "{'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]},"
                + "'a':{'data_offsets':[0,4],'shape':[1],'dtype':'F32'}}   ",
            bytes(1f, 2f));

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.tensors().keySet()).containsExactly("b", "a");
      assertThat(read.read("a").getFloat(0)).isEqualTo(1f);
      assertThat(read.read("b").getFloat(0)).isEqualTo(2f);
    }
  }

  static Stream<Arguments> brokenHeaders() {
    String rest = ",'data_offsets':[0,8]}}";
    return Stream.of(
        arguments("no JSON", "nonsense", "JSON"),
        arguments("a list", "[]", "JSON object"),
        arguments("not closed", GOOD.substring(0, GOOD.length() - 1), "JSON"),
        arguments("something after it", GOOD + "{}", "follows"),
        arguments("a tensor that is a number", "{'t':1}", "'t'"),
        arguments(
            "a name twice",
            "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                + "'t':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}",
            "Duplicate"),
        arguments(
            "a field twice",
            "{'t':{'dtype':'F32','dtype':'F32','shape':[2],'data_offsets':[0,8]}}",
            "Duplicate"),
        arguments("metadata twice", "{'__metadata__':{},'__metadata__':{}}", "Duplicate"),
        arguments("metadata that is no text", "{'__metadata__':{'k':1}}", "__metadata__.k"),
        arguments("metadata that is a list", "{'__metadata__':[]}", "__metadata__"),
        arguments("an unknown field", "{'t':{'dtype':'F32','more':1}}", "more"),
        arguments("no dtype", "{'t':{'shape':[2]" + rest, "'t'"),
        arguments("no shape", "{'t':{'dtype':'F32'" + rest, "'t'"),
        arguments("no offsets", "{'t':{'dtype':'F32','shape':[2]}}", "'t'"),
        arguments("an unknown dtype", "{'t':{'dtype':'F31','shape':[2]" + rest, "F31"),
        arguments("a dtype that is a number", "{'t':{'dtype':32,'shape':[2]" + rest, "dtype"),
        arguments("a shape that is a number", "{'t':{'dtype':'F32','shape':2" + rest, "shape"),
        arguments("a negative size", "{'t':{'dtype':'F32','shape':[-2]" + rest, "-2"),
        arguments("a size that is no integer", "{'t':{'dtype':'F32','shape':[2.0]" + rest, "2.0"),
        arguments(
            "a size beyond 2^63",
            "{'t':{'dtype':'F32','shape':[18446744073709551618]" + rest,
            "18446744073709551618"),
        arguments(
            "a product beyond 2^63",
            "{'t':{'dtype':'F32','shape':[4611686018427387904,2,2]" + rest,
            "2^63"),
        arguments(
            "bytes beyond 2^63",
            "{'t':{'dtype':'F32','shape':[4611686018427387904]" + rest,
            "2^63"),
        arguments(
            "very many axes",
            "{'t':{'dtype':'F32','shape':[2" + ",1".repeat(40) + "]" + rest,
            "32"),
        arguments("a deep shape", "{'t':{'dtype':'F32','shape':[[[2]]]" + rest, "JSON"),
        arguments("one offset", "{'t':{'dtype':'F32','shape':[2],'data_offsets':[8]}}", "'t'"),
        arguments(
            "three offsets", "{'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8,9]}}", "'t'"),
        arguments(
            "offsets backwards",
            "{'t':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}",
            "[8, 0]"),
        arguments(
            "a size that its offsets contradict",
            "{'t':{'dtype':'F32','shape':[3]" + rest,
            "takes 12 bytes"),
        arguments(
            "an overlap",
            "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                + "'b':{'dtype':'F32','shape':[1],'data_offsets':[2,6]}}",
            "overlap"),
        arguments(
            "a gap",
            "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                + "'b':{'dtype':'U8','shape':[3],'data_offsets':[5,8]}}",
            "gap"),
        arguments(
            "a gap at the start", "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}", "gap"),
        arguments(
            "more than the file holds",
            "{'t':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}}",
            "cut off"),
        arguments(
            "less than the file holds",
            "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}",
            "the file has 8"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenHeaders")
  void aBrokenHeaderIsRefused(String what, String header, String message) throws IOException {
    Path file = write(header, new byte[8]);

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .as(what)
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), message);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, 100_000_001, Long.MAX_VALUE, 61, 62, 10_000})
  void aHeaderLengthThatCannotBeIsRefused(long length) throws IOException {
    byte[] bytes = Files.readAllBytes(write(GOOD, new byte[0]));
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    Path file = Files.write(folder.resolve("length.safetensors"), bytes);

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), Long.toUnsignedString(length));
  }

  @Test
  void aFileCutOffAnywhereIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(write(GOOD, new byte[8]));
    for (int length = 0; length < whole.length; length++) {
      Path file = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> TensorFile.open(file))
          .as("%d bytes", length)
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void aFileThatShrinksWhileItIsOpenIsAnErrorOfTheFile() throws IOException {
    Path file = write(GOOD, new byte[8]);

    try (TensorFile read = TensorFile.open(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(channel.size() - 4);
      }
      assertThatThrownBy(() -> read.read("t"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), "'t'", "cut off");
    }
  }

  @Test
  void eightBitFloatsAreListedButNotRead() throws IOException {
    Path file = write("{'t':{'dtype':'F8_E4M3','shape':[8],'data_offsets':[0,8]}}", new byte[8]);

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.tensors().get("t").type()).isEqualTo(TensorType.F8_E4M3);
      assertThatThrownBy(() -> read.read("t"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), "'t'", "F8_E4M3");
    }
  }

  @Test
  void aMissingFileIsAnErrorOfAccess() {
    assertThatThrownBy(() -> TensorFile.open(folder.resolve("missing.safetensors")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("missing.safetensors");
    assertThatThrownBy(() -> SafetensorsFile.open(folder)).isInstanceOf(FileAccessException.class);
  }

  @Test
  @Tag("slow")
  void tensorsBeyondFourGigabytesAreFound() throws IOException {
    long gap = 5L << 30; // a hole in the file: it takes no room on most disks
    String header =
        ("{'big':{'dtype':'U8','shape':[G],'data_offsets':[0,G]},"
                + "'far':{'dtype':'F32','shape':[2],'data_offsets':[G,E]},"
                + "'half':{'dtype':'F16','shape':[2],'data_offsets':[E,L]}}")
            .replace("G", "" + gap)
            .replace("E", "" + (gap + 8))
            .replace("L", "" + (gap + 12));
    Path file = write(header, new byte[0]);
    long start = Files.size(file) + gap;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes(1f, 2f)), start);
      channel.write(ByteBuffer.wrap(new byte[] {0, 0x3c, 0, 0x40}), start + 8);
    }

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.tensors().get("big").bytes()).isEqualTo(gap);
      assertThat(read.read("far").toFloatVector()).containsExactly(1f, 2f);
      assertThat(HostFloats.toArray(read.read("half"))).containsExactly(1f, 2f);
    }
  }

  private Path write(String header, byte[] data) throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).put(data);
    return Files.write(Files.createTempFile(folder, "t", ".safetensors"), bytes.array());
  }

  private static byte[] bytes(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}
