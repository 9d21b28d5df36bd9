package io.github.dnd4j.io;

import static io.github.dnd4j.io.FuzzedReader.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that are made to cost more than they weigh. Those of a few kilobytes are left to fuzzing;
 * these show their effect only when they are larger.
 */
@DisplayName("A hostile file")
class HostileFilesTest {

  private static final int MANY = 20_000;

  @TempDir Path folder;

  static Stream<Arguments> bombs() {
    String key = "k".repeat(200);
    return Stream.of(
        bomb("a header of very many tensors", FuzzedReader.SAFETENSORS, manyTensors()),
        bomb("a header that is nested deeply", FuzzedReader.SAFETENSORS, nested(MANY)),
        bomb("a number of very many digits", FuzzedReader.SAFETENSORS, longNumber()),
        bomb(
            "a list that grows element by element",
            FuzzedReader.PICKLE,
            bytes("](" + "K\001e(".repeat(5 * MANY) + "e.")),
        bomb("tuples in tuples", FuzzedReader.PICKLE, bytes(")" + "\205".repeat(10 * MANY) + ".")),
        bomb(
            "very many places of memory",
            FuzzedReader.PICKLE,
            bytes("]\224".repeat(10 * MANY) + ".")),
        bomb(
            "a list of very many dicts",
            FuzzedReader.PICKLE,
            bytes("](" + "}".repeat(10 * MANY) + "e.")),
        bomb("names that multiply", FuzzedReader.PICKLE, multiplied(key)),
        bomb("a whole number of 255 bytes in many places", FuzzedReader.PICKLE, repeatedNumber()),
        bomb("tensors of very many dimensions", FuzzedReader.PICKLE, manyDimensions()),
        bomb("a text longer than the file", FuzzedReader.PICKLE, bytes("X\377\377\377\177a.")),
        bomb("a module's path of very many parts", FuzzedReader.PEFT_TENSORS, longPath()),
        bomb("a module's path of very many parts", FuzzedReader.GENERATOR, longGeneratorPath()),
        bomb("objects in objects", FuzzedReader.ADAPTER_CONFIG, bytes("{\"r\":".repeat(MANY))),
        bomb("a list of very many lists", FuzzedReader.GENERATOR, bytes(inField("[],"))),
        bomb("very many objects", FuzzedReader.GENERATOR, bytes(inField("{\"a\":0},"))),
        bomb("lists in lists", FuzzedReader.PROMPTS_JSON, bytes("[".repeat(MANY))),
        bomb(
            "a prompt beside very many lists",
            FuzzedReader.PROMPTS_JSONL,
            bytes("{\"prompt\":\"p\",\"x\":[" + "[],".repeat(MANY) + "0]}")),
        bomb("a line that does not end", FuzzedReader.PROMPTS_TXT, bytes("x".repeat(100 * MANY))));
  }

  private static Arguments bomb(String what, FuzzedReader reader, byte[] content) {
    return Arguments.arguments(what, reader, content);
  }

  @DisplayName("takes no more memory than a multiple of its size")
  @ParameterizedTest(name = "{0}")
  @MethodSource("bombs")
  void takesNoMoreThanItWeighs(String what, FuzzedReader reader, byte[] content) {
    assertThatCode(() -> reader.check(folder, content)).as(what).doesNotThrowAnyException();
  }

  private static byte[] manyTensors() {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < MANY; i++) {
      header.append(i == 0 ? "" : ",").append('"').append(i).append("\":{\"dtype\":\"I8\",");
      header.append("\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    return FuzzSeeds.safetensors(header.append('}').toString(), 0);
  }

  private static byte[] nested(int depth) {
    return FuzzSeeds.safetensors("{\"a\":".repeat(depth), 0);
  }

  private static byte[] longNumber() {
    return FuzzSeeds.safetensors(
        "{\"t\":{\"dtype\":\"F32\",\"shape\":[" + "9".repeat(50 * MANY) + "]", 0);
  }

  private static String inField(String element) {
    return "{\"format\":\"dnd4j-generator\",\"x\":[" + element.repeat(5 * MANY) + "0]}";
  }

  /** Ranks are looked up by each of a path's last parts. */
  private static byte[] longPath() {
    String name = "\"base_model.model." + ".".repeat(2 * MANY) + ".lora_";
    return FuzzSeeds.safetensors(
        "{"
            + name
            + "A.weight\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
            + name
            + "B.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]}}",
        16);
  }

  private static byte[] longGeneratorPath() {
    String seed = new String(FuzzSeeds.generator(), StandardCharsets.ISO_8859_1);
    return bytes(seed.replace("layers.0.q", ".".repeat(4 * MANY)));
  }

  /** Dicts of two entries each, both of them the same dict. */
  private static byte[] multiplied(String key) {
    StringBuilder pickle = new StringBuilder("K\001q\000");
    for (int level = 1; level <= 16; level++) {
      String before = "h" + (char) (level - 1);
      pickle.append("}q").append((char) level).append("(\214\310").append(key).append(before);
      pickle.append("K\002").append(before).append('u');
    }
    return bytes(pickle.append('.').toString());
  }

  private static byte[] repeatedNumber() {
    String number = "\212\377" + "\177".repeat(255) + "q\000";
    return bytes("](" + number + "h\000".repeat(MANY) + "e.");
  }

  /** Very many tensors, all of one long shape. */
  private static byte[] manyDimensions() {
    String shape = "(" + "K\001".repeat(MANY) + "tq\002";
    String storage =
        "(X\007\000\000\000storagectorch\nFloatStorage\nX\001\000\000\0000N" + "K\010tQq\001";
    String tensor = "h\003(h\001K\000h\002h\002tR";
    return bytes(
        shape
            + storage
            + "ctorch._utils\n_rebuild_tensor_v2\nq\003]("
            + tensor.repeat(MANY / 10)
            + "e.");
  }

  @Test
  @DisplayName("whose tensors share one storage cannot have it read many times over")
  void sharedStorage() throws IOException {
    // given a storage of 1 MiB of which 1000 tensors are views
    int elements = 1 << 18;
    String size = "J\000\000\004\000";
    String storage =
        "(X\007\000\000\000storagectorch\nFloatStorage\nX\001\000\000\0000N" + size + "tQq\001";
    String tensor = "h\002(h\001K\000" + size + "\205K\001\205tR";
    String pickle =
        storage + "ctorch._utils\n_rebuild_tensor_v2\nq\002](" + tensor.repeat(1000) + "e.";
    Path file = folder.resolve("shared.pth");
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", bytes(pickle));
    entries.put("a/data/0", new byte[elements * Float.BYTES]);
    Files.write(file, FuzzSeeds.zip(entries));
    // when, then
    assertThatThrownBy(() -> TensorFile.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), "repeats the elements");
  }

  @Test
  @DisplayName("that unpacks to a thousand times its size is refused unread")
  void zipBomb() throws IOException {
    for (String packed : new String[] {"a/data.pkl", "a/data/0"}) {
      Path file = folder.resolve("bomb.pth");
      try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
        for (String name : new String[] {"a/data.pkl", "a/data/0"}) {
          zip.putNextEntry(new ZipEntry(name));
          zip.write(name.equals(packed) ? new byte[20 << 20] : FuzzSeeds.oneTensor());
          zip.closeEntry();
        }
      }
      assertThatThrownBy(() -> TensorFile.open(file))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContainingAll(file.toString(), packed, (20 << 20) + " bytes");
    }
  }

  @ParameterizedTest
  @DisplayName("cannot lead out of a zip file by the name of a storage")
  @ValueSource(strings = {"../../outside", "/outside"})
  void pathsInPickles(String key) throws IOException {
    // given a file where the name would lead
    Files.write(folder.resolve("outside"), new byte[32]);
    Path file = folder.resolve("model.pth");
    String named = "X" + (char) key.length() + "\000\000\000" + key;
    String pickle =
        new String(FuzzSeeds.oneTensor(), StandardCharsets.ISO_8859_1)
            .replace("X\001\000\000\0000", named);
    // when, then
    assertThatThrownBy(() -> TensorFile.open(FuzzSeeds.writeCheckpoint(file, bytes(pickle))))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), key, "missing");
  }

  @Test
  @DisplayName("with names that lead out of it is read from inside it only")
  void pathsInZips() throws IOException {
    Path file = folder.resolve("model.pth");
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("../data.pkl", FuzzSeeds.oneTensor());
    entries.put("../data/0", new byte[32]);
    Files.write(file, FuzzSeeds.zip(entries));

    try (TensorFile read = TensorFile.open(file)) {
      read.read(PyTorchFile.SINGLE).close();
    }

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @ParameterizedTest
  @DisplayName("that lists the files of a model cannot name one elsewhere")
  @ValueSource(
      strings = {
        "../model.safetensors",
        "sub/model.safetensors",
        "/model.safetensors",
        "a\\\\b.safetensors",
        "C:model.safetensors",
        "..",
        ".safetensors",
        "a\\u0000.safetensors",
        "model.bin",
        ""
      })
  void pathsInIndexes(String name) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"t\": \"" + name + "\"}}");

    assertThatThrownBy(() -> ModelDirectory.of(folder))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(folder.toString(), "'t'", "same folder");
  }

  @Test
  @DisplayName("is refused beyond limits that are lower than usual")
  void lowerLimits() throws IOException {
    Path safetensors = Files.write(folder.resolve("a.safetensors"), FuzzSeeds.adapterTensors());
    Path checkpoint = FuzzSeeds.writeCheckpoint(folder.resolve("b.pth"), FuzzSeeds.oneTensor());
    ReadLimits usual = ReadLimits.defaults();

    TensorFile.open(safetensors, usual.withTensors(2).withHeaderBytes(1000)).close();
    TensorFile.open(checkpoint, usual.withTensors(1).withHeaderBytes(1000)).close();

    assertRefused(safetensors, usual.withTensors(1), "more than 1 tensors");
    assertRefused(safetensors, usual.withHeaderBytes(10), "at most 10");
    assertRefused(checkpoint, usual.withHeaderBytes(10), "at most 10");
  }

  private static void assertRefused(Path file, ReadLimits limits, String message) {
    assertThatThrownBy(() -> TensorFile.open(file, limits))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), message);
  }

  @ParameterizedTest
  @DisplayName("finds no limits that are higher than usual")
  @ValueSource(longs = {0, -1, ReadLimits.MOST_HEADER_BYTES + 1})
  void impossibleLimits(long bytes) {
    assertThatThrownBy(() -> ReadLimits.defaults().withHeaderBytes(bytes))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("headerBytes", String.valueOf(bytes));
  }
}
