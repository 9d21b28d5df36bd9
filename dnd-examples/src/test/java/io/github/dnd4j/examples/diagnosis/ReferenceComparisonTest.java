package io.github.dnd4j.examples.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A comparison with references")
class ReferenceComparisonTest {

  private static final Offset<Double> ROUNDING = within(1e-6);

  @TempDir private Path folder;
  private Path references;

  /** Points of the plane, whose mean is (4, 0). */
  @BeforeEach
  void writeReferences() {
    references = folder.resolve("set");
    SmallAdapters.point(references.resolve("1"), 3, 3);
    SmallAdapters.point(references.resolve("2"), 3, -3);
    SmallAdapters.point(references.resolve("3"), 6, 0);
  }

  private ReferenceComparison compare(float b1, float b2) {
    Path path = SmallAdapters.point(folder.resolve("adapter"), b1, b2);
    try (LoraAdapter adapter = LoraAdapter.load(path)) {
      return ReferenceComparison.of(path, adapter, List.of(references));
    }
  }

  @Test
  @DisplayName("tells its place among them as computed by hand")
  void numbers() {
    // when
    ReferenceComparison comparison = compare(4, 3);
    // then its norm 5 is larger than twice the root of 18, and smaller than 6
    assertThat(comparison.smaller()).isEqualTo(2);
    assertThat(comparison.percentile()).isCloseTo(200.0 / 3, ROUNDING);
    assertThat(comparison.ratioToMedian()).isCloseTo(5 / Math.sqrt(18), ROUNDING);
    assertThat(comparison.nearest()).isEqualTo(Path.of("set", "1").toString());
    assertThat(comparison.nearestDistance()).isCloseTo(1, ROUNDING);
    assertThat(comparison.nearestCosine()).isCloseTo(21 / (5 * Math.sqrt(18)), ROUNDING);
    assertThat(comparison.meanNorm()).isCloseTo(4, ROUNDING);
    assertThat(comparison.toMean().distance()).isCloseTo(3, ROUNDING);
    assertThat(comparison.toMean().cosine()).isCloseTo(0.8, ROUNDING);
    // of the third from the mean of the first two, (3, 0)
    assertThat(comparison.ownToMean().get(2).distance()).isCloseTo(3, ROUNDING);
    assertThat(comparison.ownToMean().get(2).cosine()).isCloseTo(1, ROUNDING);
    // of the first from that of the others, (4.5, -1.5)
    assertThat(comparison.ownToMean().get(0).distance()).isCloseTo(Math.sqrt(22.5), ROUNDING);
    assertThat(comparison.sentences().toString())
        .contains("about as strong as the references", "larger than that of 2 of 3")
        .contains("It is not just the references' mean: its distance from it is 0.63");
  }

  @Test
  @DisplayName("recognises the mean, also at another strength, and a reference itself")
  void justTheMean() {
    assertThat(compare(4.1f, 0.1f).sentences().toString())
        .contains("It is little else than the references' mean: its distance from it is 0.03");
    assertThat(compare(12, 0.1f).sentences().toString())
        .contains("It is little else than the references' mean at 3.00 times its strength");
    assertThat(compare(3, 3).sentences().toString())
        .contains("It is the same as the reference " + Path.of("set", "1"));
    assertThat(compare(-40, -40).sentences().toString())
        .contains("farther than any of them", "far stronger than the references");
    assertThat(compare(0.1f, 0.2f).sentences().toString())
        .contains("far weaker than the references", "larger than that of 0 of 3");
  }
}
