package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class ChecksTest {

  @Test
  void goodValuesAreHandedThrough() {
    assertThat(Checks.notNull("x", "name")).isEqualTo("x");
    assertThat(Checks.notBlank("x", "name")).isEqualTo("x");
    assertThat(Checks.positive(1, "count")).isEqualTo(1);
    try (INDArray array = HostFloats.uninitialized(2, 3)) {
      assertThat(Checks.shape(array, "x", 2, 3)).isSameAs(array);
      assertThat(Checks.shape(array, "x", -1, 3)).isSameAs(array);
    }
  }

  @Test
  void badValuesAreNamed() {
    assertThatThrownBy(() -> Checks.notNull(null, "target"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("target must not be null");
    assertThatThrownBy(() -> Checks.notBlank(null, "id"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("id must not be null");
    assertThatThrownBy(() -> Checks.notBlank(" \t", "id"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("id must not be blank");
    assertThatThrownBy(() -> Checks.positive(0, "rank"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("rank must be at least 1, but is 0");
  }

  @Test
  void shapesAreToldInFull() {
    try (INDArray array = HostFloats.uninitialized(2, 3)) {
      assertThatThrownBy(() -> Checks.shape(array, "condition", 2, 4))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessage("condition must have the shape [2, 4], but has [2, 3]");
      assertThatThrownBy(() -> Checks.shape(array, "condition", -1, 3, 1))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessage("condition must have the shape [any, 3, 1], but has [2, 3]");
    }
  }
}
