package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.internal.HostFloats;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The norm of Llama, Qwen and T5. */
class RmsNormTest {

  @Test
  void dividesEachRowByTheRootOfItsMeanSquare() {
    RmsNorm norm = new RmsNorm(new float[] {1, 2, -1, 0.5f, 1}, 0.25f);
    float[] rows = {1, -2, 3, 4, 0, 0, 0, 0, 0, 0};

    try (INDArray x = HostFloats.toTensor(rows, 2, 5);
        INDArray target = HostFloats.uninitialized(2, 5)) {
      norm.apply(x, target);

      double root = Math.sqrt((1 + 4 + 9 + 16) / 5.0 + 0.25);
      double[] expected = {1 / root, -4 / root, -3 / root, 2 / root, 0, 0, 0, 0, 0, 0};
      assertThat(target.ravel().toDoubleVector()).containsExactly(expected, within(1e-6));
      assertThat(HostFloats.toArray(x)).containsExactly(rows);
    }
  }
}
