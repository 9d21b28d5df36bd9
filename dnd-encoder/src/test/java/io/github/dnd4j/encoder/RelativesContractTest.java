package io.github.dnd4j.encoder;

import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/** BERT's relatives keep the promises of all encoders: {@link PromptEncoderContract}. */
class RelativesContractTest {

  @Nested
  @DisplayName("MPNet")
  class Mpnet extends RelativeContract {
    Mpnet() {
      super(Relative.MPNET);
    }
  }

  @Nested
  @DisplayName("RoBERTa")
  class Roberta extends RelativeContract {
    Roberta() {
      super(Relative.ROBERTA);
    }
  }

  @Nested
  @DisplayName("XLM-RoBERTa")
  class XlmRoberta extends RelativeContract {
    XlmRoberta() {
      super(Relative.XLM_ROBERTA);
    }
  }

  @Nested
  @DisplayName("DistilBERT")
  class DistilBert extends RelativeContract {
    DistilBert() {
      super(Relative.DISTILBERT);
    }
  }

  abstract static class RelativeContract extends PromptEncoderContract {

    private final Relative model;

    RelativeContract(Relative model) {
      this.model = model;
    }

    @Override
    PromptEncoder open(Path directory) {
      return model.open(directory);
    }

    /** Less than the window, the window, and two windows. */
    @Override
    List<Integer> textLengths() {
      return List.of(12, model.window(), 2 * model.window());
    }

    @Override
    int smallestTextLength() {
      return 2;
    }

    @Override
    int positionsOfA() {
      return 3;
    }

    @Override
    boolean paddingIsZero() {
      return false;
    }

    /** Positions up to the padding token's id are nobody's, so there is no window for them. */
    @Override
    List<Integer> refusedTextLengths() {
      return List.of(model.window() + 1, model.window() + 2, 3 * model.window() - 1);
    }

    @Override
    List<Consumer<PromptEncoder>> furtherMethods() {
      return List.of(
          encoder -> ((SentenceEncoder) encoder).embed(List.of("a")),
          encoder -> ((SentenceEncoder) encoder).embed(List.of("a"), 8));
    }
  }
}
