package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.spi.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("The work of a decoder's convolutions")
class ConvolutionWorkTest {

  private static final HyperConvConfig SMALL = HyperConvConfig.of("(2,8,12) (3,10,6) (5,4,7)", 3);

  private static final HyperConvConfig LARGE =
      HyperConvConfig.of("(16,64,96) (32,48,80) (64,40,60)", 9);

  /** Convolves directly, and counts what it does. */
  private static final class Counting implements Convolution {

    private final Convolution engine = new DirectConvolution();
    private final List<Double> operations = new ArrayList<>();

    @Override
    public INDArray forward(INDArray x, INDArray weight, INDArray bias) {
      operations.add(2 * ConvolutionShape.of(x, weight).multiplications());
      return engine.forward(x, weight, bias);
    }

    @Override
    public INDArray backward(
        INDArray x,
        INDArray weight,
        INDArray outGradient,
        INDArray weightGradient,
        INDArray biasGradient) {
      throw new AssertionError("nothing is trained here");
    }
  }

  private static List<Double> counted(HyperConvConfig config, int batch) {
    Counting counting = new Counting();
    try (HyperConvDecoder decoder = HyperConvDecoder.fresh(config, 0, counting);
        INDArray condition =
            Nd4j.zeros(
                batch,
                config.conditionShape().prompts(),
                config.conditionShape().textLength(),
                config.conditionShape().dimension())) {
      decoder.decode(condition, ProgressListener.NONE).close();
    }
    return counting.operations;
  }

  @Test
  @DisplayName("is what the decoder's own calls come to")
  void direct() {
    // when
    List<ConvolutionWork> work = ConvolutionWork.of(SMALL, ConvolutionEngine.DIRECT, 2);
    // then
    assertThat(work)
        .extracting(ConvolutionWork::operations)
        .containsExactlyInAnyOrderElementsOf(counted(SMALL, 2));
    assertThat(work).extracting(ConvolutionWork::transformed).containsOnly(false);
    assertThat(work)
        .extracting(ConvolutionWork::name)
        .startsWith("conv1w", "conv1h", "conv2h", "conv2w", "convN");
    assertThat(work)
        .extracting(ConvolutionWork::layer)
        .containsExactly(0, 0, 0, 0, 0, 1, 1, 1, 1, 1);
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("has a layer more with a length squeeze")
  void squeezed(Variant variant) {
    // given
    HyperConvConfig config = SMALL.withSqueeze(new LengthSqueeze(variant, 20));
    // when
    List<ConvolutionWork> work = ConvolutionWork.of(config, ConvolutionEngine.DIRECT, 3);
    // then
    assertThat(work).hasSize(12);
    assertThat(work.get(0).operations()).isEqualTo(2.0 * 3 * 2 * 12 * 20 * 8);
    assertThat(work.get(1).operations()).isEqualTo(2.0 * 3 * 2 * 12 * 8 * 8);
    assertThat(work.get(11).layer()).isEqualTo(2);
    if (variant == Variant.PERMUTE) {
      assertThat(work)
          .extracting(ConvolutionWork::operations)
          .containsExactlyInAnyOrderElementsOf(counted(config, 3));
    }
  }

  @Test
  @DisplayName("is less by Fourier transforms, with the same weights to read")
  void transformed() {
    // when
    List<ConvolutionWork> direct = ConvolutionWork.of(LARGE, ConvolutionEngine.DIRECT, 1);
    List<ConvolutionWork> fast = ConvolutionWork.of(LARGE, ConvolutionEngine.FAST, 1);
    // then
    Map<Boolean, Double> sums =
        fast.stream()
            .collect(
                Collectors.groupingBy(
                    ConvolutionWork::transformed,
                    Collectors.summingDouble(ConvolutionWork::operations)));
    assertThat(sums.get(true))
        .isPositive()
        .isLessThan(0.5 * direct.stream().mapToDouble(ConvolutionWork::operations).sum());
    assertThat(weights(fast)).isEqualTo(weights(direct));
    long others =
        LARGE.parameterCount() - weights(direct) / Float.BYTES; // biases and norms: no convolution
    assertThat((double) others / LARGE.parameterCount()).isCloseTo(0, within(0.02));
  }

  private static long weights(List<ConvolutionWork> work) {
    return work.stream().mapToLong(ConvolutionWork::weightBytes).sum();
  }
}
