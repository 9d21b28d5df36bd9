package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.spi.ProgressListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** SentencePiece's files in place of tokenizer.json. */
class SentencePieceModelTest {

  private static final int VOCABULARY = 200;

  private TinyT5 model;

  @BeforeEach
  void copyModel(@TempDir Path directory) {
    model = new TinyT5(directory, TinyT5.RELU);
  }

  private byte[] file(String name) throws IOException {
    return Files.readAllBytes(model.file(name));
  }

  private static int[] ids(byte[] json, String text) {
    try (TextTokenizer tokenizer = new TextTokenizer(json, "a test's", VOCABULARY)) {
      return tokenizer.encode(text, 100).tokens();
    }
  }

  private static byte[] convert(byte[] pieces) {
    return SentencePieceModel.toTokenizerJson(pieces, "spiece.model", VOCABULARY);
  }

  /** A field of a protocol buffer with a whole number, behind a file. */
  private static byte[] withTrainerField(byte[] pieces, int... field) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(pieces);
    file.write(2 << 3 | 2);
    file.write(field.length);
    Arrays.stream(field).forEach(file::write);
    return file.toByteArray();
  }

  @Test
  void givesTheIdsOfTheSameTokenizerJson() throws IOException {
    byte[] json = convert(file("spiece.model"));

    for (String text : TinyT5.TEXTS) {
      assertThat(ids(json, text)).isEqualTo(ids(file("tokenizer.json"), text));
    }
  }

  @Test
  void spacesAtTheEndsAndSeveralInARowDoNotCount() throws IOException {
    byte[] json = convert(file("spiece.model"));

    assertThat(ids(json, "   the  old    mill ")).isEqualTo(ids(json, "the old mill"));
    assertThat(ids(json, "   ")).isEqualTo(ids(json, "")).containsExactly(1);
  }

  @Test
  void whatIsNoPieceIsUnknown() throws IOException {
    byte[] json = convert(file("spiece.model"));

    assertThat(ids(json, "the zebra")).contains(2).endsWith(1);
  }

  @Test
  void extraIdsFollowThePieces() throws IOException {
    byte[] json = convert(file("spiece.model"));
    int last = ids(json, "<extra_id_0>")[0];

    assertThat(ids(json, "<extra_id_99>")[0]).isEqualTo(last - 99);
    assertThat(
            ids(SentencePieceModel.toTokenizerJson(file("spiece.model"), "", 32), "<extra_id_0>"))
        .doesNotContain(last);
  }

  @Test
  void isReadWhereThereIsNoTokenizerJson() throws IOException {
    Files.delete(model.file("tokenizer.json"));

    try (T5Encoder encoder = T5Encoder.load(model.directory());
        INDArray actual = encoder.encode(TinyT5.TEXTS, 16, ProgressListener.NONE);
        INDArray expected = model.golden(16)) {
      assertThat(Difference.largest(actual, expected)).isLessThan(2e-5f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "this is no protocol buffer", "\n\u0003"})
  void saysThatAFileIsBroken(String content) throws IOException {
    Files.delete(model.file("tokenizer.json"));
    Files.write(model.file("spiece.model"), content.getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> T5Encoder.load(model.directory()))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(model.file("spiece.model").toString());
  }

  @Test
  void saysThatAFileIsCutOff() throws IOException {
    byte[] pieces = file("spiece.model");

    assertThatThrownBy(() -> convert(Arrays.copyOf(pieces, pieces.length - 3)))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("spiece.model is not a valid SentencePiece model");
  }

  @Test
  void saysWhichModelsCannotBeRead() throws IOException {
    byte[] pieces = file("spiece.model");

    assertThatThrownBy(() -> convert(withTrainerField(pieces, 3 << 3, 2)))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("spiece.model")
        .hasMessageContaining("no unigram model")
        .hasMessageContaining("save_pretrained");
    // The field's number, 40, needs two bytes: 320 = 0x140.
    assertThatThrownBy(() -> convert(withTrainerField(pieces, 0xC0, 2, 127)))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("no piece for what is unknown");
  }
}
