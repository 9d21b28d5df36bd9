package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ProgressListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Word vectors: their files, and what becomes of texts. */
class GloveEncoderTest {

  private static final String TWO_WORDS = "mill 0.5 -1 2e-3\nriver 3.25 4 -0.125\n";
  private static final float[] MILL = {0.5f, -1, 2e-3f};
  private static final float[] RIVER = {3.25f, 4, -0.125f};
  private static final float[] ONES = {1, 1, 1};
  private static final float[] ZEROS = {0, 0, 0};

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = directory.resolve("vectors.txt");
  }

  private Path cache() {
    return directory.resolve("vectors.txt.dnd4j-cache");
  }

  private void write(String content) throws IOException {
    Files.writeString(file, content);
  }

  private static float[] encode(GloveEncoder encoder, String text, int length) {
    try (INDArray condition = encoder.encode(List.of(text), length, ProgressListener.NONE)) {
      return HostFloats.toArray(condition);
    }
  }

  private float[] encode(String text, int length) {
    try (GloveEncoder encoder = GloveEncoder.load(file)) {
      return encode(encoder, text, length);
    }
  }

  private static float[] rows(float[]... rows) {
    float[] all = new float[rows.length * 3];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * 3, 3);
    }
    return all;
  }

  @Test
  void textsBecomeTheWordsThatPythonMakesOfThem() throws IOException {
    for (Map.Entry<String, List<String>> golden : TinyGlove.words().entrySet()) {
      assertThat(GloveText.words(golden.getKey()))
          .as("words of '%s'", golden.getKey())
          .isEqualTo(golden.getValue());
    }
  }

  @Test
  void givesTheConditionThatPythonGives() throws IOException {
    List<String> texts = new ArrayList<>(TinyGlove.words().keySet());
    try (GloveEncoder encoder = GloveEncoder.load(TinyGlove.vectors(directory));
        INDArray expected = TinyGlove.golden(directory);
        INDArray actual = encoder.encode(texts, 8, ProgressListener.NONE)) {
      assertThat(actual.shape()).isEqualTo(expected.shape());
      assertThat(HostFloats.toArray(actual)).isEqualTo(HostFloats.toArray(expected));
    }
  }

  @Test
  void aKnownWordIsItsVectorAnUnknownOneIsOnesAndPaddingIsZeros() throws IOException {
    write(TWO_WORDS);

    assertThat(encode("River, ocean.", 4)).isEqualTo(rows(RIVER, ONES, ZEROS, ZEROS));
    assertThat(encode("river mill river mill", 2)).isEqualTo(rows(RIVER, MILL));
  }

  /** As in the reference, where a sentence's parts between single spaces are words. */
  @Test
  void anEmptyWordBetweenTwoSpacesIsUnknown() throws IOException {
    write(TWO_WORDS);

    assertThat(encode("mill - river", 5)).isEqualTo(rows(MILL, ONES, ONES, RIVER, ZEROS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\nmill", ".", ",;:?"})
  void nothingLeftOfATextIsAllPadding(String text) throws IOException {
    write(TWO_WORDS);

    assertThat(encode(text, 2)).isEqualTo(rows(ZEROS, ZEROS));
  }

  @Test
  void longTextsAreCutQuickly() throws IOException {
    write(TWO_WORDS);

    assertThat(encode("1".repeat(1_000_000) + " mill", 2)).isEqualTo(rows(ONES, MILL));
    assertThat(encode("mill ".repeat(1_000_000), 2)).isEqualTo(rows(MILL, MILL));
  }

  @Test
  void readsGzipWhateverTheFilesName() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(TWO_WORDS.getBytes(StandardCharsets.UTF_8));
    }
    Files.write(file, bytes.toByteArray());

    assertThat(encode("mill", 1)).isEqualTo(MILL);
    Files.write(file, Arrays.copyOf(bytes.toByteArray(), 30));
    assertThatThrownBy(() -> GloveEncoder.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("vectors.txt")
        .hasMessageContaining("cut off");
  }

  @Test
  void readsWindowsLineEndsAMissingLastOneAndTrailingSpaces() throws IOException {
    write("mill 0.5 -1 2e-3 \r\nriver 3.25 4 -0.125");

    assertThat(encode("mill river", 2)).isEqualTo(rows(MILL, RIVER));
  }

  @Test
  void skipsTheFirstLineOfWord2vec() throws IOException {
    write("2 3\n" + TWO_WORDS);

    assertThat(encode("mill river 2", 3)).isEqualTo(rows(MILL, RIVER, ONES));
  }

  @Test
  void wordsMayHoldSpacesAndTheLastOfTwoCounts() throws IOException {
    write("mill 9 9 9\n. . . 1 2 3\nat name@domain.com 4 5 6\n" + TWO_WORDS);

    assertThat(encode("mill", 1)).isEqualTo(MILL);
    assertThat(encode("at", 1)).isEqualTo(ONES);
  }

  @Test
  void roundsNumbersAsPythonAndPyTorchDo() {
    for (String number :
        List.of(
            "0",
            "-0.0",
            "0.1",
            "-0.082752",
            "+1.5",
            ".5",
            "5.",
            "1e-5",
            "-1.2E+3",
            "0.30000001192092896",
            "123456789012345678901234567890",
            "9007199254740993",
            "0.00000000000000000000000000000001",
            "1.00000005960464477539062500001",
            "3.4028235e38",
            "1e-60")) {
      byte[] bytes = (" " + number + " ").getBytes(StandardCharsets.US_ASCII);
      assertThat(new GloveNumbers().parse(bytes, 1, bytes.length))
          .as(number)
          .isEqualTo((float) Double.parseDouble(number));
    }
    for (String number :
        List.of(
            "", "-", ".", "e5", "1e", "1.2.3", "0x1p3", "1f", "NaN", "Infinity", "1e39", "--1")) {
      byte[] bytes = number.getBytes(StandardCharsets.US_ASCII);
      assertThat(new GloveNumbers().parse(bytes, 0, bytes.length)).as(number).isNaN();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'a 1 2 3|b 1 2|c 1 2 3', 'line 2', 'has 2 numbers'",
    "'a 1 2 3|b 1 x 3|c 1 2 3', 'line 2', 'number 2'",
    "'a 1 2 3|b 1 2 3|c 1 2 nan', 'line 3', 'number 3'",
    "'a 1 2 3|b 1  3|c 1 2 3', 'line 2', 'number 2'",
    "'a 1 2 3|b 1 2 1e99|c 1 2 3', 'line 2', 'number 3'",
    "'a 1 2 3|b 1 2 3 4 x|c 1 2 3', 'line 2', 'number 3'",
    "'a 1 2 3||c 1 2 3', 'line 2', 'has 0 numbers'",
    "'a', 'line 1', '0 fields'",
    "'', 'no word vectors', ''",
  })
  void saysWhichLineIsBroken(String lines, String where, String what) throws IOException {
    write(lines.replace('|', '\n'));

    assertThatThrownBy(() -> GloveEncoder.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("vectors.txt")
        .hasMessageContaining(where)
        .hasMessageContaining(what);
    assertThat(cache()).doesNotExist();
  }

  @Test
  void refusesALineWithoutEnd() throws IOException {
    write(TWO_WORDS + "x".repeat(3_000_000));

    assertThatThrownBy(() -> GloveEncoder.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("line 3")
        .hasMessageContaining("longer than");
  }

  @Test
  void saysWhichFileIsMissing() {
    assertThatThrownBy(() -> GloveEncoder.load(file))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("vectors.txt");
    assertThatThrownBy(() -> GloveEncoder.load(directory))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("directory");
  }

  @Test
  void openingAgainReadsTheBinaryFormOnly() throws IOException {
    write(TWO_WORDS);
    FileTime time = Files.getLastModifiedTime(file);
    encode("mill", 1);
    assertThat(cache()).exists();

    // Broken, but of the same size and time: nobody looks at it.
    write("x".repeat(TWO_WORDS.length()));
    Files.setLastModifiedTime(file, time);

    assertThat(encode("mill", 1)).isEqualTo(MILL);
  }

  @Test
  void aChangedTextIsReadAgain() throws IOException {
    write(TWO_WORDS);
    String before;
    try (GloveEncoder encoder = GloveEncoder.load(file)) {
      before = encoder.spec().require("sha256");
    }
    write(TWO_WORDS.replace("0.5", "0.75"));

    try (GloveEncoder encoder = GloveEncoder.load(file)) {
      assertThat(encode(encoder, "mill", 1)[0]).isEqualTo(0.75f);
      assertThat(encoder.spec().require("sha256")).isNotEqualTo(before);
    }
  }

  @Test
  void aBrokenBinaryFormIsMadeAnewOrRefused() throws IOException {
    write(TWO_WORDS);
    encode("mill", 1);
    byte[] good = Files.readAllBytes(cache());

    Files.write(cache(), Arrays.copyOf(good, good.length - 1));
    assertThat(encode("mill", 1)).isEqualTo(MILL);
    assertThat(cache()).hasBinaryContent(good);
    Files.writeString(cache(), "something else");
    assertThat(encode("mill", 1)).isEqualTo(MILL);

    damage(good.length - 2, 'x');
    assertThatThrownBy(() -> encode("mill", 1))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("dnd4j-cache is damaged");
    Files.write(cache(), good);
    damage(GloveHeader.BYTES + 3, 0x7f);
    damage(GloveHeader.BYTES + 2, 0x80);
    assertThatThrownBy(() -> encode("mill", 1))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("dnd4j-cache is damaged");
  }

  private void damage(int at, int value) throws IOException {
    try (RandomAccessFile content = new RandomAccessFile(cache().toFile(), "rw")) {
      content.seek(at);
      content.write(value);
    }
  }

  @Test
  void worksWhereTheBinaryFormCannotBeWritten() throws IOException {
    write(TWO_WORDS);
    Files.createDirectory(cache());

    assertThat(encode("mill river", 2)).isEqualTo(rows(MILL, RIVER));
    assertThat(cache()).isEmptyDirectory();
  }

  @Test
  void anInterruptEndsReading() throws IOException {
    write(TWO_WORDS);
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> GloveEncoder.load(file))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
    } finally {
      Thread.interrupted();
    }
    assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void itsSpecIsThatOfTheVectorsNotOfTheirFile() throws IOException {
    write(TWO_WORDS);
    try (GloveEncoder encoder = GloveEncoder.load(file)) {
      assertThat(encoder.spec().type()).isEqualTo("glove-encoder");
      assertThat(encoder.spec().properties())
          .containsEntry("model", "vectors.txt")
          .containsEntry("dimension", "3");
      Path other = Files.writeString(directory.resolve("b.txt"), TWO_WORDS.replace("\n", "\r\n"));
      try (GloveEncoder same = GloveEncoder.load(other)) {
        assertThat(same.spec().require("sha256")).isEqualTo(encoder.spec().require("sha256"));
      }
    }
  }

  @Test
  void findsEveryOneOfManyWords() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      lines.append('w').append(i).append(' ').append(i).append(" 0.5 ").append(-i).append('\n');
    }
    write(lines.toString());

    try (GloveEncoder encoder = GloveEncoder.load(file)) {
      for (int i = 0; i < 20_000; i += 7) {
        assertThat(encode(encoder, "W" + i, 1)).containsExactly(i, 0.5f, -i);
      }
      assertThat(encode(encoder, "w20000", 1)).isEqualTo(ONES);
    }
  }
}
