package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Natural order")
class NaturalOrderTest {

  @Test
  @DisplayName("goes by the value of numbers, and leaves no two names equal")
  void order() {
    List<String> sorted =
        List.of(
            "",
            "1",
            "01",
            "2",
            "9",
            "10",
            "99999999999999999999",
            "a",
            "a1",
            "a1b",
            "a2",
            "a10",
            "a10b2",
            "a10b10",
            "b");
    List<String> shuffled = new ArrayList<>(sorted);
    Collections.shuffle(shuffled, new Random(1));
    shuffled.sort(NaturalOrder.INSTANCE);
    // "01" and "1" are the same number: then the text decides
    assertThat(shuffled.subList(1, 3)).containsExactly("01", "1");
    assertThat(shuffled.subList(3, shuffled.size())).isEqualTo(sorted.subList(3, sorted.size()));
  }
}
