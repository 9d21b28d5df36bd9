package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class HostFloatsTest {

  /** [[0 1 2 3] [4 5 6 7] [8 9 10 11]] */
  private final INDArray array =
      HostFloats.toTensor(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4);

  @AfterEach
  void close() {
    array.close();
  }

  @Test
  void aTensorHoldsItsValuesInCOrder() {
    assertThat(array.dataType()).isEqualTo(DataType.FLOAT);
    assertThat(array.shape()).containsExactly(3, 4);
    assertThat(array.getFloat(1, 2)).isEqualTo(6);
    assertThat(HostFloats.toArray(array)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  }

  @Test
  void aViewWithAnOffsetIsReadAndWrittenInItsPlace() {
    INDArray lastTwoRows = array.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());
    HostFloats host = HostFloats.of(lastTwoRows);

    float[] read = new float[4];
    host.read(3, read, 1, 2);
    host.write(5, new float[] {-1, -2, -3}, 1, 2);

    assertThat(read).containsExactly(0, 7, 8, 0);
    assertThat(HostFloats.toArray(array)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, -2, -3, 11);
  }

  @Test
  void whatNd4jWroteIsRead() {
    array.addi(1);

    float[] read = new float[2];
    HostFloats.of(array).read(10, read, 0, 2);

    assertThat(read).containsExactly(11, 12);
  }

  @Test
  void whatIsWrittenIsSeenByNd4j() {
    HostFloats.of(array).write(0, new float[] {100}, 0, 1);

    assertThat(array.sumNumber().floatValue()).isEqualTo(166);
  }

  @Test
  void anyLayoutIsCopiedInCOrder() {
    assertThat(HostFloats.toArray(array.transpose()))
        .containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
    assertThat(HostFloats.toArray(array.get(NDArrayIndex.all(), NDArrayIndex.point(1))))
        .containsExactly(1, 5, 9);
  }

  @Test
  void otherTypesAreConvertedAndStayOpen() {
    try (INDArray doubles = array.castTo(DataType.DOUBLE)) {
      assertThat(HostFloats.toArray(doubles)).startsWith(0, 1, 2).hasSize(12);
      assertThat(HostFloats.toArray(doubles.transpose())).startsWith(0, 4, 8).hasSize(12);

      assertThat(doubles.wasClosed()).isFalse();
      assertThat(doubles.getDouble(2, 3)).isEqualTo(11);
    }
    assertThat(array.wasClosed()).isFalse();
  }

  @Test
  void onlyFloatInCOrderIsAccessedInPlace() {
    assertThat(HostFloats.accepts(array)).isTrue();
    assertThat(HostFloats.accepts(array.transpose())).isFalse();
    assertThatThrownBy(() -> HostFloats.of(array.transpose()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("contiguous");
    try (INDArray doubles = array.castTo(DataType.DOUBLE)) {
      assertThat(HostFloats.accepts(doubles)).isFalse();
      assertThatThrownBy(() -> HostFloats.of(doubles))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("FLOAT tensor is needed, not DOUBLE");
    }
  }

  @Test
  void strideOfASizeOfOneDoesNotMatter() {
    INDArray row = array.get(NDArrayIndex.interval(1, 2), NDArrayIndex.all());

    assertThat(HostFloats.accepts(row.permute(1, 0))).isTrue();
    assertThat(HostFloats.toArray(row)).containsExactly(4, 5, 6, 7);
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 0, 1",
    "12, 0, 1",
    "11, 0, 2",
    "0, -1, 1",
    "0, 4, 2",
    "0, 5, 1",
    "0, 0, -1",
    "9223372036854775807, 0, 1",
  })
  void rangesAreCheckedOnBothSides(long from, int offset, int count) {
    HostFloats host = HostFloats.of(array);
    float[] values = new float[5];

    assertThatThrownBy(() -> host.read(from, values, offset, count))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> host.write(from, values, offset, count))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void newTensorsOutliveTheWorkspaceThatTheyAreMadeIn() {
    INDArray tensor;
    try (MemoryWorkspace scope =
        Nd4j.getWorkspaceManager()
            .getAndActivateWorkspace(
                WorkspaceConfiguration.builder().initialSize(4096).build(), "HostFloatsTest")) {
      assertThat(scope.isScopeActive()).isTrue();
      tensor = HostFloats.toTensor(new float[] {1, 2}, 2);
      assertThat(tensor.isAttached()).isFalse();
    }
    assertThat(HostFloats.toArray(tensor)).containsExactly(1, 2);
    tensor.close();
    assertThat(tensor.wasClosed()).isTrue();
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
  }
}
