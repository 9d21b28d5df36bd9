package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class TensorMemoryTest {

  /** Just above 2 GB. Memory that is not touched takes no room. */
  private static final long LARGE = (1L << 31) + 1024;

  @Test
  void windowsReachBeyondTwoGigabytes() {
    try (BytePointer memory = new BytePointer(LARGE)) {
      for (long from : new long[] {0, Integer.MAX_VALUE - 4L, 1L << 31, LARGE - 8}) {
        ByteBuffer window = TensorMemory.window(memory, from, 8);

        assertThat(window.remaining()).isEqualTo(8);
        window.put(7, (byte) 42);
        assertThat(memory.get(from + 7)).isEqualTo((byte) 42);
      }
    }
  }

  @Test
  void windowsOutsideTheMemoryAreRefused() {
    try (BytePointer memory = new BytePointer(16)) {
      assertThatThrownBy(() -> TensorMemory.window(memory, 9, 8))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> TensorMemory.window(memory, -1, 8))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void strideSourcesReachBeyondTwoGigabytes() throws EOFException {
    try (BytePointer memory = new BytePointer(LARGE)) {
      memory.put(0, (byte) 1);
      memory.put(1L << 30, (byte) 2);
      memory.put(1L << 31, (byte) 3);
      StridedSource source =
          new StridedSource(memory, 1, new long[] {3, 1}, new long[] {1L << 30, 1});

      ByteBuffer elements = ByteBuffer.allocate(3);
      source.read(elements);

      assertThat(elements.array()).containsExactly(1, 2, 3);
      assertThatThrownBy(() -> source.read(ByteBuffer.allocate(1)))
          .isInstanceOf(EOFException.class);
    }
  }

  @Test
  void aViewsMemoryBeginsAtItsFirstElement() {
    INDArray whole = Nd4j.arange(12).castTo(DataType.FLOAT).reshape('c', 3, 4);
    INDArray view = whole.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());

    ByteBuffer window = TensorMemory.window(TensorMemory.of(view, 8 * Float.BYTES), 0, 4);

    assertThat(window.getFloat(0)).isEqualTo(whole.getFloat(1, 0)).isEqualTo(4f);
  }
}
