package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Which distances share a bucket, and what is added for them. */
class RelativePositionsTest {

  private final RelativePositions positions = new RelativePositions(32, 128, new float[32]);

  /** A key before its query first; after its query it is 16 more. */
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-1, 1",
    "-7, 7",
    "-8, 8",
    "-11, 8",
    "-12, 9",
    "-15, 9",
    "-16, 10",
    "-22, 10",
    "-23, 11",
    "-31, 11",
    "-32, 12",
    "-45, 12",
    "-46, 13",
    "-63, 13",
    "-64, 14",
    "-90, 14",
    "-91, 15",
    "-127, 15",
    "-128, 15",
    "-5000, 15",
    "1, 17",
    "7, 23",
    "8, 24",
    "64, 30",
    "91, 31",
    "5000, 31"
  })
  void bucketsGrowLikeALogarithm(int distance, int bucket) {
    assertThat(positions.bucket(distance)).isEqualTo(bucket);
  }

  @ParameterizedTest
  @CsvSource({"tiny-t5, 8, 20", "tiny-t5-gated, 32, 128"})
  void bucketsAreThoseThatPyTorchGives(
      String model, int buckets, int maxDistance, @TempDir Path directory) {
    RelativePositions sut = new RelativePositions(buckets, maxDistance, new float[buckets]);
    try (TensorFile file =
            TensorFile.open(new TinyT5(directory, model).file("golden.safetensors"));
        INDArray golden = file.read("buckets")) {
      float[] expected = HostFloats.toArray(golden);
      for (int i = 0; i < expected.length; i++) {
        int distance = i - expected.length / 2;
        assertThat((float) sut.bucket(distance)).as("distance %d", distance).isEqualTo(expected[i]);
      }
    }
  }

  @Test
  void eachHeadAddsItsOwnByDistance() {
    // Four buckets of two heads: 0 the token itself, 1 all before it, 2 never, 3 all after it.
    float[] bias = {0, 100, 1, 101, 2, 102, 3, 103};
    RelativePositions sut = new RelativePositions(4, 8, bias);

    try (INDArray byDistance = sut.biasByDistance(3)) {
      assertThat(byDistance.shape()).containsExactly(2, 5);
      assertThat(HostFloats.toArray(byDistance))
          .containsExactly(1, 1, 0, 3, 3, 101, 101, 100, 103, 103);
    }
  }
}
