package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.internal.HostFloats;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("A fingerprint that a thread of its own computes")
@Timeout(20)
class BackgroundFingerprintTest {

  private static final int ROWS = 300;
  private static final int COLUMNS = 101;

  @ParameterizedTest
  @EnumSource
  @DisplayName("is that of the same tensors in float32, as saved generators name it")
  void sameAsOfFloats(PackedMatrix.Kind kind) {
    // given two tensors in one matrix, in several pieces, and a vector
    float[] numbers = new float[ROWS * COLUMNS];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (i % 255 - 127) / 64f;
    }
    float[] vector = {1, -2, 0.5f};
    WeightFingerprint expected = new WeightFingerprint();
    try (INDArray all = HostFloats.toTensor(numbers, ROWS, COLUMNS);
        INDArray third = HostFloats.toTensor(vector, 3);
        PackedMatrix matrix = new PackedMatrix(ROWS, COLUMNS, kind);
        BackgroundFingerprint fingerprint = new BackgroundFingerprint()) {
      expected.add("first", Views.of(all, 0, 100, COLUMNS));
      expected.add("second", Views.of(all, 100L * COLUMNS, 200, COLUMNS));
      expected.add("third", third);
      matrix.view(0, ROWS).assign(all);
      // when
      fingerprint.add("first", matrix, 0, 100);
      fingerprint.add("second", matrix, 100, 200);
      fingerprint.add("third", vector);
      fingerprint.end();
      // then
      assertThat(fingerprint.hex()).isEqualTo(expected.hex()).isEqualTo(fingerprint.hex());
    }
  }

  @Test
  @DisplayName("stops when it is closed, so that the weights can be freed at once")
  void stops() {
    // given hours of work
    try (PackedMatrix matrix = new PackedMatrix(1000, 1000, PackedMatrix.Kind.BFLOAT16)) {
      BackgroundFingerprint fingerprint = new BackgroundFingerprint();
      for (int i = 0; i < 100_000; i++) {
        fingerprint.add("much", matrix, 0, 1000);
      }
      fingerprint.end();
      // when
      fingerprint.close();
      // then
      assertThatThrownBy(fingerprint::hex).isInstanceOf(CompletionException.class);
    }
  }

  @Test
  @DisplayName("can be closed when reading has failed halfway, and twice")
  void neverEnded() {
    BackgroundFingerprint fingerprint = new BackgroundFingerprint();
    fingerprint.add("one", new float[] {1});

    fingerprint.close();
    fingerprint.close();

    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> thread.getName().equals("dnd4j-fingerprint"))
        .allSatisfy(thread -> thread.join(5000))
        .noneMatch(Thread::isAlive);
  }
}
