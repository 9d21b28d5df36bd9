package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTargets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * all-MiniLM-L6-v2 learns a task that it does not know: it takes the opposite of hot for hot, since
 * that is what the words say.
 */
@Tag("slow")
@DisplayName("Tuning all-MiniLM-L6-v2")
class MiniLmTuningTest {

  private static final String[][] OPPOSITES = {
    {"hot", "cold"}, {"big", "small"}, {"early", "late"}, {"full", "empty"},
    {"rich", "poor"}, {"loud", "quiet"}, {"heavy", "light"}, {"open", "closed"}
  };

  private static List<TextPair> pairs() {
    List<TextPair> pairs = new ArrayList<>();
    for (String[] words : OPPOSITES) {
      pairs.add(new TextPair("What is the opposite of " + words[0] + "?", words[1]));
      pairs.add(new TextPair("What is the opposite of " + words[1] + "?", words[0]));
    }
    return pairs;
  }

  /** For how many questions the right answer is the nearest. */
  private static int found(SentenceEncoder encoder) {
    try (INDArray questions = encoder.embed(pairs().stream().map(TextPair::anchor).toList());
        INDArray answers = encoder.embed(pairs().stream().map(TextPair::positive).toList());
        INDArray similarities = questions.mmul(answers.transpose())) {
      int found = 0;
      for (int i = 0; i < pairs().size(); i++) {
        try (INDArray row = similarities.getRow(i).dup()) {
          found += row.argMax().getInt(0) == i ? 1 : 0;
        }
      }
      return found;
    }
  }

  @Test
  @DisplayName("lowers the loss and finds more of the right answers")
  void learns() {
    List<TuningStep> steps = new ArrayList<>();
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2()) {
      LoraTuner tuner =
          LoraTuner.builder(encoder)
              .steps(12)
              .warmupSteps(2)
              .learningRate(2e-3)
              .listener(steps::add)
              .build();
      try (LoraAdapter adapter = tuner.tune(pairs());
          SentenceEncoder adapted = encoder.withAdapter(adapter)) {
        assertThat(adapter.modules()).isEqualTo(LoraTargets.MINILM_L6.modules());
        assertThat(steps.get(11).loss()).isLessThan(0.5 * steps.get(0).loss());
        assertThat(steps.get(11).accuracy()).isGreaterThan(steps.get(0).accuracy());
        assertThat(found(encoder)).isLessThan(6);
        assertThat(found(adapted)).isGreaterThan(9);
      }
    }
  }
}
