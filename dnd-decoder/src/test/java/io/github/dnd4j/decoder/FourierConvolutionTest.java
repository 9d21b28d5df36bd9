package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

@DisplayName("Convolution by Fourier transforms")
class FourierConvolutionTest {

  /** The orders of axes in memory, outermost first, that the decoder's maps come in, and others. */
  private static final List<int[]> ORDERS =
      List.of(
          new int[] {0, 1, 2, 3},
          new int[] {0, 3, 2, 1},
          new int[] {0, 2, 1, 3},
          new int[] {0, 2, 3, 1},
          new int[] {0, 1, 3, 2},
          new int[] {1, 0, 2, 3});

  @ParameterizedTest(name = "kernel {0}, batch {1}, {2} to {3} channels, {4} x {5} planes")
  @CsvSource({
    "1, 1, 3, 5, 4, 7",
    "3, 3, 6, 4, 20, 9",
    "5, 2, 13, 17, 6, 3",
    "9, 1, 3, 1, 1, 5",
    "9, 1, 1, 1, 1, 1",
    "9, 3, 6, 20, 10, 4",
    "9, 1, 210, 40, 10, 40",
    "9, 2, 35, 70, 30, 41",
    "11, 1, 5, 6, 40, 75",
    "11, 3, 2, 3, 6, 6"
  })
  @DisplayName("agrees with direct convolution, with and without bias, in any order")
  void agreesWithDirect(int kernel, int batch, int in, int out, int height, int width) {
    // given
    try (Convolution fast = ConvolutionEngine.FAST.create();
        Convolution direct = ConvolutionEngine.DIRECT.create();
        INDArray x = Tensors.gaussian(1, batch, in, height, width);
        INDArray weight = Tensors.gaussian(2, out, in, kernel, kernel);
        INDArray bias = Tensors.gaussian(3, out);
        INDArray expected = direct.forward(x, weight, bias);
        INDArray expectedWithoutBias = direct.forward(x, weight, null)) {
      assertThat(FourierPlan.of(ConvolutionShape.of(x, weight))).isPresent();
      for (int[] order : ORDERS) {
        // when
        try (INDArray maps = Tensors.inOrder(x, order);
            INDArray actual = fast.forward(maps, weight, bias);
            INDArray actualWithoutBias = fast.forward(maps, weight, null)) {
          // then
          Golden.assertClose("with bias", actual, expected, 1e-5);
          Golden.assertClose("without bias", actualWithoutBias, expectedWithoutBias, 1e-5);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HALF", "BFLOAT16"})
  @DisplayName("takes weights of 16 bits for the same numbers in float32")
  void weightsOf16Bits(DataType type) {
    // given several blocks of channels
    try (Convolution fast = ConvolutionEngine.FAST.create();
        INDArray x = Tensors.gaussian(1, 1, 210, 10, 40);
        INDArray any = Tensors.gaussian(2, 70, 210, 9, 9);
        INDArray weight = any.castTo(type);
        INDArray rounded = weight.castTo(DataType.FLOAT);
        INDArray expected = fast.forward(x, rounded, null);
        // when
        INDArray actual = fast.forward(x, weight, null)) {
      // then
      assertThat(Tensors.values(actual)).isEqualTo(Tensors.values(expected));
    }
  }

  @ParameterizedTest(name = "kernel {0}, batch {1}, {2} to {3} channels, {4} x {5} planes")
  @CsvSource({
    "3, 3, 6, 4, 20, 9",
    "9, 1, 1, 1, 1, 1",
    "9, 1, 3, 1, 1, 5",
    "9, 3, 6, 20, 10, 4",
    "9, 1, 210, 40, 10, 40",
    "9, 2, 35, 70, 30, 41",
    "11, 1, 5, 6, 40, 75"
  })
  @DisplayName("has the gradients of direct convolution, in any order")
  void gradients(int kernel, int batch, int in, int out, int height, int width) {
    // given
    try (Convolution fast = ConvolutionEngine.FAST.create();
        Convolution direct = ConvolutionEngine.DIRECT.create();
        INDArray x = Tensors.gaussian(1, batch, in, height, width);
        INDArray weight = Tensors.gaussian(2, out, in, kernel, kernel);
        INDArray outGradient = Tensors.gaussian(3, batch, out, height, width);
        INDArray expectedWeight = HostFloats.uninitialized(weight.shape());
        INDArray expectedBias = HostFloats.uninitialized(new long[] {out});
        INDArray actualWeight = HostFloats.uninitialized(weight.shape());
        INDArray actualBias = HostFloats.uninitialized(new long[] {out});
        INDArray expected = direct.backward(x, weight, outGradient, expectedWeight, expectedBias)) {
      for (int[] order : ORDERS) {
        actualWeight.assign(Float.NaN);
        // when
        try (INDArray maps = Tensors.inOrder(x, order);
            INDArray gradient = Tensors.inOrder(outGradient, order);
            INDArray actual = fast.backward(maps, weight, gradient, actualWeight, actualBias)) {
          // then
          Golden.assertClose("input gradient", actual, expected, 1e-5);
          Golden.assertClose("weight gradient", actualWeight, expectedWeight, 1e-5);
          Golden.assertClose("bias gradient", actualBias, expectedBias, 1e-5);
        }
      }
    }
  }

  @Test
  @DisplayName("needs no more working memory for many items than for a few, and gives the same")
  void itemsInTurn() {
    // given a batch that is worked at in several parts
    ConvolutionShape shape = new ConvolutionShape(40, 64, 2, 128, 128, 9);
    FourierPlan plan = FourierPlan.of(shape).orElseThrow();
    assertThat(plan.itemsAtOnce()).isBetween(2, 39);
    try (Convolution fast = ConvolutionEngine.FAST.create();
        INDArray x = Tensors.gaussian(1, 40, 64, 128, 128);
        INDArray weight = Tensors.gaussian(2, 2, 64, 9, 9);
        // when
        INDArray together = fast.forward(x, weight, null);
        INDArray last = x.get(NDArrayIndex.interval(39, 40)).dup('c');
        INDArray alone = fast.forward(last, weight, null)) {
      // then
      Golden.assertClose("last item", together.get(NDArrayIndex.interval(39, 40)), alone, 1e-5);
    }
  }

  @Test
  @DisplayName("sums the gradients of items that it works at in turn")
  void gradientsInTurn() {
    // given the same item 40 times, which is worked at in several parts
    FourierPlan plan = FourierPlan.of(new ConvolutionShape(40, 64, 2, 128, 128, 9)).orElseThrow();
    assertThat(plan.itemsAtOnce()).isBetween(2, 39);
    try (Convolution fast = ConvolutionEngine.FAST.create();
        INDArray item = Tensors.gaussian(1, 1, 64, 128, 128);
        INDArray items = Nd4j.tile(item, 40, 1, 1, 1);
        INDArray weight = Tensors.gaussian(2, 2, 64, 9, 9);
        INDArray gradientOfItem = Tensors.gaussian(3, 1, 2, 128, 128);
        INDArray gradientOfItems = Nd4j.tile(gradientOfItem, 40, 1, 1, 1);
        INDArray ofItem = HostFloats.uninitialized(weight.shape());
        INDArray ofItems = HostFloats.uninitialized(weight.shape())) {
      // when
      fast.backward(item, weight, gradientOfItem, ofItem, null).close();
      fast.backward(items, weight, gradientOfItems, ofItems, null).close();
      // then
      Golden.assertClose("sum", ofItems, ofItem.muli(40), 1e-5);
    }
  }

  @Test
  @DisplayName("takes what transforms would not fit for directly")
  void tooLarge() {
    // given planes of which one item's transforms take more than 256 MiB
    ConvolutionShape shape = new ConvolutionShape(1, 3000, 4, 400, 400, 9);
    // then
    assertThat(FourierPlan.of(shape)).isEqualTo(Optional.empty());
  }

  @Test
  @DisplayName("may be called by several threads, and used again when it is closed")
  void severalThreads() {
    // given
    try (Convolution fast = ConvolutionEngine.FAST.create();
        INDArray x = Tensors.gaussian(1, 1, 20, 10, 30);
        INDArray weight = Tensors.gaussian(2, 40, 20, 9, 9);
        INDArray expected = fast.forward(x, weight, null)) {
      fast.close();
      // when
      List<CompletableFuture<INDArray>> calls =
          IntStream.range(0, 8)
              .mapToObj(i -> CompletableFuture.supplyAsync(() -> fast.forward(x, weight, null)))
              .toList();
      // then
      for (CompletableFuture<INDArray> call : calls) {
        try (INDArray actual = call.join()) {
          assertThat(actual).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  @DisplayName("is taken where it pays, unless a system property asks for another engine")
  void preferredEngine() {
    // given
    String before = System.getProperty(ConvolutionEngine.PROPERTY);
    try {
      // when nothing is asked for, or something
      System.clearProperty(ConvolutionEngine.PROPERTY);
      assertThat(ConvolutionEngine.preferred()).isEqualTo(ConvolutionEngine.AUTO);
      System.setProperty(ConvolutionEngine.PROPERTY, "direct");
      assertThat(ConvolutionEngine.preferred()).isEqualTo(ConvolutionEngine.DIRECT);
      // then a name that is unknown is refused
      System.setProperty(ConvolutionEngine.PROPERTY, "slow");
      assertThatThrownBy(ConvolutionEngine::preferred)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("dnd4j.convolution=slow", "auto, direct and fast");
    } finally {
      System.clearProperty(ConvolutionEngine.PROPERTY);
      if (before != null) {
        System.setProperty(ConvolutionEngine.PROPERTY, before);
      }
    }
  }
}
