package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PyTorchFileTest {

  private static final String PICKLE = "a/data.pkl";
  private static final String STORAGE = "a/data/0";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint.pth", "checkpoint-protocol4.pth"})
  void readsWhatPyTorchHasWritten(String name) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(resource("checkpoint.json"));

    try (TensorFile file = TensorFile.open(copyOf(name))) {
      assertThat(file.tensors()).hasSize(expected.size());
      assertThat(file.tensors().keySet())
          .containsExactlyElementsOf(() -> expected.fieldNames())
          .contains("model.layers.0.weight", "model.layers.1.weight", "model.pair.0");
      for (String tensor : file.tensors().keySet()) {
        assertSameTensor(file, tensor, expected.get(tensor));
      }
    }
  }

  private static void assertSameTensor(TensorFile file, String name, JsonNode expected) {
    try (INDArray tensor = file.read(name)) {
      assertThat(file.tensors().get(name).shape())
          .as(name)
          .isEqualTo(Arrays.stream(tensor.shape()).boxed().toList())
          .isEqualTo(
              StreamSupport.stream(expected.get("shape").spliterator(), false)
                  .map(JsonNode::asLong)
                  .toList());
      assertThat(tensor.dataType()).as(name).isEqualTo(typeOf(expected.get("type").asText()));
      JsonNode values = expected.get("values");
      assertThat(tensor.length()).as(name).isEqualTo(values.size());
      for (int i = 0; i < values.size(); i++) {
        assertElement(name, tensor, i, values.get(i));
      }
    }
  }

  private static void assertElement(String name, INDArray tensor, int i, JsonNode expected) {
    if (expected.isIntegralNumber()) {
      assertThat(tensor.getLong(i)).as(name).isEqualTo(expected.asLong());
    } else if (expected.isBoolean()) {
      assertThat(tensor.getInt(i) == 1).as(name).isEqualTo(expected.asBoolean());
    } else {
      assertThat(tensor.getDouble(i)).as(name).isEqualTo(expected.asDouble());
    }
  }

  private static DataType typeOf(String torchType) {
    return switch (torchType) {
      case "float32", "float16", "bfloat16" -> DataType.FLOAT;
      case "float64" -> DataType.DOUBLE;
      default ->
          DataType.valueOf(
              switch (torchType) {
                case "int64" -> "LONG";
                case "int32" -> "INT";
                case "int16" -> "SHORT";
                case "int8" -> "BYTE";
                case "uint8" -> "UBYTE";
                default -> "BOOL";
              });
    };
  }

  @Test
  void valuesThatAreNoTensorsBecomeMetadata() throws IOException {
    try (TensorFile file = TensorFile.open(copyOf("checkpoint.pth"))) {
      assertThat(file.metadata())
          .containsOnly(
              Map.entry("epoch", "12"),
              Map.entry("lr", "0.5"),
              Map.entry("name", "tiny"),
              Map.entry("done", "true"),
              Map.entry("model.pair.1", "7"));
    }
  }

  @Test
  void aTensorSavedAloneIsNamedTensor() throws IOException {
    try (PyTorchFile file = PyTorchFile.open(copyOf("single.pt"))) {
      assertThat(file.tensors().keySet()).containsExactly(PyTorchFile.SINGLE);
      assertThat(file.read("tensor").toFloatVector()).containsExactly(0.5f, 1.5f);
    }
  }

  @Test
  void stridedHalvesAreReadIntoAnArrayThatIsThere() throws IOException {
    INDArray target = Nd4j.create(DataType.FLOAT, 2, 3);

    try (TensorFile file = TensorFile.open(copyOf("checkpoint.pth"))) {
      file.readInto("half_transposed", target);

      assertThat(target).isEqualTo(file.read("half_transposed"));
      assertThatThrownBy(() -> file.readInto("int64", Nd4j.create(DataType.FLOAT, 3)))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  @Test
  void compressedEntriesAreReadToo() throws IOException {
    Path original = copyOf("checkpoint.pth");
    Path deflated = deflated(original);

    try (TensorFile expected = TensorFile.open(original);
        TensorFile actual = TensorFile.open(deflated)) {
      for (String name : new String[] {"contiguous", "permuted", "shared_tail", "bfloat16"}) {
        assertThat(actual.read(name)).isEqualTo(expected.read(name));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "builtins, eval",
    "builtins, exec",
    "builtins, set",
    "__builtin__, bytearray",
    "decimal, Decimal",
    "datetime, datetime",
    "operator, attrgetter",
    "copy_reg, _reconstructor",
    "_codecs, encode",
    "torch.hub, load",
    "torch, ComplexFloatStorage",
    "numpy.core.multiarray, _reconstruct"
  })
  void aPickleThatAsksForAnythingElseIsRefusedByName(String module, String name)
      throws IOException {
    byte[] byGlobal = ascii("\200\002c" + module + "\n" + name + "\n(X\001\000\000\000xtR.");
    byte[] byInstance = ascii("(X\001\000\000\000xi" + module + "\n" + name + "\n.");
    byte[] byStack =
        ascii(
            "\200\004\214"
                + (char) module.length()
                + module
                + "\214"
                + (char) name.length()
                + name
                + "\223(X\001\000\000\000xtR.");

    for (byte[] pickle : new byte[][] {byGlobal, byInstance, byStack}) {
      Path file = checkpoint(Map.of(PICKLE, pickle));
      assertThatThrownBy(() -> PyTorchFile.open(file))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), module + "." + name, "state_dict");
    }
  }

  static Stream<Arguments> otherPickles() {
    return Stream.of(
        arguments("newobj", "ccollections\nOrderedDict\n)\201.", "0x81"),
        arguments("extension", "\202\001.", "0x82"),
        arguments("protocol 0 text", "S'x'\n.", "0x53"),
        arguments("calls a storage", "ctorch\nFloatStorage\n)R.", "no function"),
        arguments("calls a text", "X\001\000\000\000x)R.", "no function"),
        arguments("dict argument", "ccollections\nOrderedDict\n}\205R.", "OrderedDict"),
        arguments("state of a text", "X\001\000\000\000x}b.", "no dict"),
        arguments("key is a dict", "}}}s.", "dict key"),
        arguments("item of a list", "]K\001K\002s.", "no dict"),
        arguments("appends to a dict", "}K\001a.", "no list"),
        arguments("appends to nothing", "NK\001a.", "no list"),
        arguments("adds all to nothing", "N(K\001e.", "no list"),
        arguments("a number of 33 bytes", "\212\041" + "x".repeat(33) + ".", "33 bytes"),
        arguments(
            "parameter of one", "ctorch._utils\n_rebuild_parameter\nK\001\205R.", "Parameter"),
        arguments("tensor of one", "ctorch._utils\n_rebuild_tensor_v2\nK\001\205R.", "no storage"),
        arguments("other outside id", "K\001Q.", "outside"),
        arguments("long text", "X\377\377\377\177x.", "only 2 follow"),
        arguments("longer text", "\215\377\377\377\377\377\377\377\177.", "only 1 follow"),
        arguments("missing memo", "h\007.", "broken"),
        arguments("no mark", "t.", "broken"),
        arguments("odd items", "}(K\001u.", "broken"),
        arguments("empty stack", ".", "broken"),
        arguments("cut off", "}", "broken"),
        arguments("no tensors", "}.", "no tensors"),
        arguments("in itself", "}q\000X\001\000\000\000xh\000s.", "in themselves"));
  }

  @ParameterizedTest
  @MethodSource("otherPickles")
  void aPickleOfAnotherKindIsRefused(String what, String pickle, String message)
      throws IOException {
    Path file = checkpoint(Map.of(PICKLE, ascii(pickle)));

    assertThatThrownBy(() -> PyTorchFile.open(file))
        .as(what)
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "4 | 0 | 5    | 1  | reaches beyond the end",
        "4 | 1 | 4    | 1  | reaches beyond the end",
        "4 | 0 | 2    | 4  | reaches beyond the end",
        "4 | 5 | 0    | 1  | reaches beyond the end",
        "5 | 0 | 4    | 1  | should have 5 elements",
        "4 | 2147483647 | 2147483647 | 2147483647 | reaches beyond the end",
        "4 | 0 | 2147483647 | 0 | repeats the elements"
      })
  void aViewThatItsStorageCannotHoldIsRefused(
      int storage, int offset, int size, int stride, String message) throws IOException {
    Path file =
        checkpoint(
            Map.of(PICKLE, tensorPickle(storage, offset, size, stride), STORAGE, new byte[16]));

    assertThatThrownBy(() -> PyTorchFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), "'tensor'", message);
  }

  @Test
  void theSmallestCheckpointIsRead() throws IOException {
    Path file = checkpoint(Map.of(PICKLE, tensorPickle(4, 1, 2, 2), STORAGE, new byte[16]));

    try (TensorFile read = TensorFile.open(file)) {
      assertThat(read.read("tensor").toFloatVector()).containsExactly(0, 0);
    }
  }

  @Test
  void missingPartsAreNamed() throws IOException {
    Path withoutStorage = checkpoint(Map.of(PICKLE, tensorPickle(4, 0, 4, 1)));
    assertThatThrownBy(() -> PyTorchFile.open(withoutStorage))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll("'tensor'", "storage '0'", "missing");

    Path withoutPickle = checkpoint(Map.of("a/version", ascii("3")));
    assertThatThrownBy(() -> PyTorchFile.open(withoutPickle))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("data.pkl");
  }

  @Test
  void bigEndianFilesAreRefused() throws IOException {
    Path file =
        checkpoint(
            Map.of(
                PICKLE,
                tensorPickle(4, 0, 4, 1),
                STORAGE,
                new byte[16],
                "a/byteorder",
                ascii("big")));

    assertThatThrownBy(() -> PyTorchFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), "'big'");
  }

  @Test
  void filesOfPyTorchBefore16AreRefusedWithAWayOut() throws IOException {
    Path file = copyOf("legacy.pth");

    assertThatThrownBy(() -> TensorFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), "torch.save(torch.load(");
  }

  @Test
  void aHugePickleIsRefusedUnread() throws IOException {
    Path file = checkpoint(Map.of(PICKLE, new byte[33 << 20]), ZipEntry.DEFLATED);

    assertThat(Files.size(file)).isLessThan(1 << 20);
    assertThatThrownBy(() -> PyTorchFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("at most");
  }

  @Test
  void aPickleThatMakesVeryManyContainersIsRefused() throws IOException {
    byte[] pickle = new byte[5_000_000];
    Arrays.fill(pickle, (byte) ']');
    Path file = checkpoint(Map.of(PICKLE, pickle));

    assertThatThrownBy(() -> PyTorchFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("instructions");
  }

  @Test
  void dictsThatMultiplyAreRefused() throws IOException {
    StringBuilder pickle = new StringBuilder("\200\002}q\000");
    for (int level = 1; level <= 40; level++) {
      String before = "h" + (char) (level - 1);
      pickle.append("}q").append((char) level).append("(K\001").append(before);
      pickle.append("K\002").append(before).append('u');
    }
    Path file = checkpoint(Map.of(PICKLE, ascii(pickle.append('.').toString())));

    assertThatThrownBy(() -> PyTorchFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("values");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 8, 100, 1000, 5000})
  void aFileThatIsCutOffIsRefused(int length) throws IOException {
    byte[] whole = Files.readAllBytes(copyOf("checkpoint.pth"));
    Path file = Files.write(folder.resolve("cut.pth"), Arrays.copyOf(whole, length));

    assertThatThrownBy(() -> PyTorchFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void aCorruptCompressedStorageIsAnErrorOfTheFile() throws IOException {
    Path file =
        checkpoint(
            Map.of(PICKLE, tensorPickle(4, 0, 4, 1), STORAGE, ascii("0123456789abcdef")),
            ZipEntry.DEFLATED);
    byte[] bytes = Files.readAllBytes(file);
    int name = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(STORAGE);
    bytes[name + STORAGE.length()] = (byte) 0xff;
    Files.write(file, bytes);

    try (TensorFile read = TensorFile.open(file)) {
      assertThatThrownBy(() -> read.read("tensor"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), "'tensor'");
    }
  }

  @Test
  void aMissingFileIsAnErrorOfAccess() {
    assertThatThrownBy(() -> PyTorchFile.open(folder.resolve("missing.pth")))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("missing.pth");
    assertThatThrownBy(() -> TensorFile.open(folder)).isInstanceOf(FileAccessException.class);
  }

  @Test
  void aClosedFileCannotBeRead() throws IOException {
    TensorFile file = TensorFile.open(copyOf("single.pt"));
    file.close();

    assertThatThrownBy(() -> file.read("tensor"))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("closed");
  }

  /** What torch.save writes for a one-dimensional float tensor alone. */
  private static byte[] tensorPickle(int storage, int offset, int size, int stride) {
    return ascii(
        "\200\002ctorch._utils\n"
            + "_rebuild_tensor_v2\n"
            + "((X\007\000\000\000storagectorch\n"
            + "FloatStorage\n"
            + "X\001\000\000\0000X\003\000\000\000cpu"
            + number(storage)
            + "tQ"
            + number(offset)
            + number(size)
            + "\205"
            + number(stride)
            + "\205\211ccollections\nOrderedDict\n)RtR.");
  }

  private static String number(int value) {
    StringBuilder bytes = new StringBuilder("J");
    for (int i = 0; i < Integer.SIZE; i += Byte.SIZE) {
      bytes.append((char) (value >>> i & 0xff));
    }
    return bytes.toString();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private Path checkpoint(Map<String, byte[]> entries) throws IOException {
    return checkpoint(entries, ZipEntry.STORED);
  }

  private Path checkpoint(Map<String, byte[]> entries, int method) throws IOException {
    Path file = Files.createTempFile(folder, "made", ".pth");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        ZipEntry zipEntry = new ZipEntry(entry.getKey());
        zipEntry.setMethod(method);
        zipEntry.setSize(entry.getValue().length);
        CRC32 crc = new CRC32();
        crc.update(entry.getValue());
        zipEntry.setCrc(crc.getValue());
        out.putNextEntry(zipEntry);
        out.write(entry.getValue());
        out.closeEntry();
      }
    }
    return file;
  }

  private Path deflated(Path original) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(original.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    return checkpoint(entries, ZipEntry.DEFLATED);
  }

  private Path copyOf(String resource) throws IOException {
    return Files.write(folder.resolve(resource), resource(resource));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = PyTorchFileTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
