package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Token ids of the models on the class path, against WordPiece as wordpiece.py does it. */
class WordPieceTest {

  @ParameterizedTest
  @EnumSource(ClassPathModel.class)
  void textsBecomeTheIdsThatThePaperDescribes(ClassPathModel model) throws IOException {
    ObjectMapper json = new ObjectMapper();
    int vocabulary = model.config().vocabSize();
    int texts = 0;
    try (TextTokenizer tokenizer =
        new TextTokenizer(model.tokenizer(), model.tokenizerName(), vocabulary)) {
      for (String line : golden().split("\n", 0)) {
        String[] fields = line.split("\t", 0);
        String text = json.readValue(fields[0], String.class).repeat(Integer.parseInt(fields[1]));
        int length = Integer.parseInt(fields[2]);
        int[] expected = json.readValue(fields[3], int[].class);

        int[] ids = new int[length];
        tokenizer.encode(text, length).ids().get(0, ids);

        assertThat(ids).as("%s times %s at %d", fields[0], fields[1], length).isEqualTo(expected);
        texts++;
      }
    }
    assertThat(texts).isEqualTo(18);
  }

  private static String golden() throws IOException {
    try (InputStream in = WordPieceTest.class.getResourceAsStream("wordpiece/golden.tsv")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
