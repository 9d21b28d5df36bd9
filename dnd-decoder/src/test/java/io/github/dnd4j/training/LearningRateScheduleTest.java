package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The learning rate")
class LearningRateScheduleTest {

  @Test
  @DisplayName("rises in equal steps, and falls as half a cosine")
  void shape() {
    LearningRateSchedule schedule = new LearningRateSchedule(0.4, 4, 12);
    assertThat(schedule.at(0)).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.at(1)).isCloseTo(0.2, within(1e-12));
    assertThat(schedule.at(3)).isCloseTo(0.4, within(1e-12));
    assertThat(schedule.at(4)).isCloseTo(0.4, within(1e-12));
    assertThat(schedule.at(8)).as("half way down").isCloseTo(0.2, within(1e-12));
    assertThat(schedule.at(11)).as("the last step").isBetween(0.0, 0.02);
  }

  @Test
  @DisplayName("needs no warm-up")
  void withoutWarmUp() {
    assertThat(new LearningRateSchedule(3e-5, 0, 10).at(0)).isEqualTo(3e-5);
  }

  @Test
  @DisplayName("refuses what makes no sense")
  void refused() {
    assertThatThrownBy(() -> new LearningRateSchedule(0, 0, 10))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("learning rate");
    assertThatThrownBy(() -> new LearningRateSchedule(Double.NaN, 0, 10))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> new LearningRateSchedule(1, 10, 10))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("warm-up");
    assertThatThrownBy(() -> new LearningRateSchedule(1, -1, 10))
        .isInstanceOf(InvalidInputException.class);
  }
}
