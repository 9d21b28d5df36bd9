package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraModuleTest {

  @Test
  void theNameIsTheLastPartOfThePath() {
    assertThat(new LoraModule("model.layers.0.self_attn.q_proj", 4, 4, 2).name())
        .isEqualTo("q_proj");
    assertThat(new LoraModule("lm_head", 4, 4, 2).name()).isEqualTo("lm_head");
  }

  @Test
  void parametersAreCountedBeyondAnInt() {
    int large = Integer.MAX_VALUE;
    assertThat(new LoraModule("m", large, large, 1).parameterCount()).isEqualTo(2L * large);
  }

  @Test
  void pathsThatNoModelHasAreRefusedWithoutRepeatingThem() {
    String manyParts = "p" + ".p".repeat(LoraModule.MOST_PARTS);
    String tooLong = "p".repeat(LoraModule.LONGEST_PATH + 1);

    assertThat(new LoraModule(manyParts.substring(2), 4, 4, 2).name()).isEqualTo("p");
    for (String path : new String[] {manyParts, tooLong}) {
      assertThatThrownBy(() -> new LoraModule(path, 4, 4, 2))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(path.length() + " characters")
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(250));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', 4, 4, 2, path must not be blank",
    "m, 0, 4, 2, m: in must be at least 1",
    "m, 4, -1, 2, m: out must be at least 1",
    "m, 4, 4, 0, m: rank must be at least 1",
    "m, 1073741824, 4, 2, more than 2^31-1 numbers",
    "m, 4, 1073741824, 2, more than 2^31-1 numbers",
  })
  void impossibleModulesAreRefused(String path, int in, int out, int rank, String message) {
    assertThatThrownBy(() -> new LoraModule(path, in, out, rank))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(message);
  }
}
