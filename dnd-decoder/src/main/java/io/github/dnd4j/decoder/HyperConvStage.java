package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.LayerNormalization.Statistics;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The arithmetic of one decoder stage; see {@link HyperConvLayer} for the formulas. Maps are {@code
 * [B, N, L, C]}. Convolutions mix the second axis over the plane of the last two, so each gets a
 * permuted view of its maps, and which axis becomes the plane's height matters. Maps stay where
 * they are: in memory they are {@code [B, N, L, C]} all along, if the engine leaves them so.
 */
final class HyperConvStage {

  private static final float BRANCHES = 3;

  private final Convolution convolution;

  HyperConvStage(Convolution convolution) {
    this.convolution = convolution;
  }

  /** The parameters of a stage, or their gradients: views that their owner closes. */
  record Parameters(
      INDArray normWeight,
      INDArray normBias,
      INDArray conv1w,
      INDArray conv1h,
      INDArray conv2h,
      INDArray conv2w,
      INDArray bias,
      INDArray convNWeight,
      INDArray convNBias) {

    static Parameters of(Function<String, INDArray> byName) {
      return new Parameters(
          byName.apply(HyperConvLayer.NORM_WEIGHT),
          byName.apply(HyperConvLayer.NORM_BIAS),
          byName.apply(HyperConvLayer.CONV1W),
          byName.apply(HyperConvLayer.CONV1H),
          byName.apply(HyperConvLayer.CONV2H),
          byName.apply(HyperConvLayer.CONV2W),
          byName.apply(HyperConvLayer.BIAS),
          byName.apply(HyperConvLayer.CONV_N_WEIGHT),
          byName.apply(HyperConvLayer.CONV_N_BIAS));
    }
  }

  /**
   * What the backward pass needs of the forward pass; the rest is computed again.
   *
   * @param statistics of the layer normalisation
   * @param widthMixed the output of conv1w, {@code [B, c, L, N]}
   * @param lengthMixed the output of conv2h, {@code [B, l, N, C]}
   * @param tanh v, {@code [B, N, l, c]}
   * @param mixed y, {@code [B, N, l, c]}
   */
  record Kept(
      Statistics statistics,
      INDArray widthMixed,
      INDArray lengthMixed,
      INDArray tanh,
      INDArray mixed)
      implements AutoCloseable {

    @Override
    public void close() {
      statistics.close();
      widthMixed.close();
      lengthMixed.close();
      tanh.close();
      mixed.close();
    }
  }

  /**
   * A result and what was kept.
   *
   * @param output {@code [B, n, l, c]}; the caller closes it
   * @param kept null unless it was asked for
   */
  record Forward(INDArray output, Kept kept) {}

  /** The forward pass without a backward pass to come: frees everything as early as it can. */
  INDArray infer(INDArray x, Parameters p) {
    INDArray mixed;
    try (INDArray z = normalise(x, p)) {
      mixed = widthFirst(z, p);
      try (INDArray v = heightFirst(z, p)) {
        mixed.addi(v);
      }
    }
    try (mixed) {
      return finish(x, mixed, p);
    }
  }

  private static INDArray normalise(INDArray x, Parameters p) {
    try (Statistics statistics = Statistics.of(x)) {
      return LayerNormalization.forward(x, statistics, p.normWeight(), p.normBias());
    }
  }

  private INDArray widthFirst(INDArray z, Parameters p) {
    try (INDArray widthMixed = mixWidth(z, p)) {
      return mixLengthAfterWidth(widthMixed, p);
    }
  }

  private INDArray heightFirst(INDArray z, Parameters p) {
    try (INDArray lengthMixed = mixLength(z, p)) {
      return mixWidthAfterLength(lengthMixed, p);
    }
  }

  /** y and then o, of the sum of both branches, which is overwritten. */
  private INDArray finish(INDArray x, INDArray sum, Parameters p) {
    average(sum, p);
    INDArray output = convolution.forward(sum, p.convNWeight(), p.convNBias());
    if (isResidual(x, output)) {
      output.addi(x);
    }
    return output;
  }

  private static void average(INDArray sum, Parameters p) {
    addBias(sum, p.bias());
    sum.divi(BRANCHES);
  }

  /** Adds a bias {@code [l, c]} to every map of {@code [B, N, l, c]}. */
  private static void addBias(INDArray maps, INDArray bias) {
    LayerNormalization.rows(maps).addiRowVector(bias.reshape('c', 1, bias.length()));
  }

  /** The forward pass of training. */
  Forward forward(INDArray x, Parameters p) {
    Statistics statistics = Statistics.of(x);
    INDArray widthMixed;
    INDArray lengthMixed;
    try (INDArray z = LayerNormalization.forward(x, statistics, p.normWeight(), p.normBias())) {
      widthMixed = mixWidth(z, p);
      lengthMixed = mixLength(z, p);
    }
    INDArray tanh = mixWidthAfterLength(lengthMixed, p);
    INDArray mixed = mixLengthAfterWidth(widthMixed, p).addi(tanh);
    INDArray output = finish(x, mixed, p);
    return new Forward(output, new Kept(statistics, widthMixed, lengthMixed, tanh, mixed));
  }

  /** conv1w: {@code [B, N, L, C]} to {@code [B, c, L, N]}. */
  private INDArray mixWidth(INDArray z, Parameters p) {
    return convolution.forward(z.permute(0, 3, 2, 1), p.conv1w(), null);
  }

  /** conv1h: {@code [B, c, L, N]} to u, {@code [B, N, l, c]}. */
  private INDArray mixLengthAfterWidth(INDArray widthMixed, Parameters p) {
    INDArray mixed = convolution.forward(widthMixed.permute(0, 2, 3, 1), p.conv1h(), null);
    return Packed.permuted(mixed, 0, 2, 1, 3);
  }

  /** conv2h: {@code [B, N, L, C]} to {@code [B, l, N, C]}. */
  private INDArray mixLength(INDArray z, Parameters p) {
    return convolution.forward(z.permute(0, 2, 1, 3), p.conv2h(), null);
  }

  /** conv2w and tanh: {@code [B, l, N, C]} to v, {@code [B, N, l, c]}. */
  private INDArray mixWidthAfterLength(INDArray lengthMixed, Parameters p) {
    INDArray mixed = convolution.forward(lengthMixed.permute(0, 3, 1, 2), p.conv2w(), null);
    return Transforms.tanh(Packed.permuted(mixed, 0, 3, 2, 1), false);
  }

  /**
   * The backward pass.
   *
   * @param x the input of the forward pass
   * @param kept what that kept
   * @param outGradient the gradient of its output
   * @param p the parameters
   * @param g is filled with their gradients
   * @return the gradient of x; the caller closes it
   */
  INDArray backward(INDArray x, Kept kept, INDArray outGradient, Parameters p, Parameters g) {
    INDArray zGradient;
    try (INDArray sumGradient =
            convolution.backward(
                kept.mixed(), p.convNWeight(), outGradient, g.convNWeight(), g.convNBias());
        INDArray z =
            LayerNormalization.forward(x, kept.statistics(), p.normWeight(), p.normBias())) {
      sumGradient.divi(BRANCHES);
      sumOverMaps(sumGradient, g.bias());
      zGradient = widthFirstBackward(z, kept.widthMixed(), sumGradient, p, g);
      try (INDArray other = heightFirstBackward(z, kept, sumGradient, p, g)) {
        zGradient.addi(other);
      }
    }
    try (zGradient) {
      INDArray xGradient =
          LayerNormalization.backward(
              x, kept.statistics(), p.normWeight(), zGradient, g.normWeight(), g.normBias());
      return isResidual(x, outGradient) ? xGradient.addi(outGradient) : xGradient;
    }
  }

  private static void sumOverMaps(INDArray gradient, INDArray biasGradient) {
    try (INDArray sum = LayerNormalization.rows(gradient).sum(0)) {
      biasGradient.assign(sum.reshape('c', biasGradient.shape()));
    }
  }

  private INDArray widthFirstBackward(
      INDArray z, INDArray widthMixed, INDArray sumGradient, Parameters p, Parameters g) {
    INDArray uGradient = sumGradient.permute(0, 2, 1, 3);
    try (INDArray widthGradient =
        convolution.backward(
            widthMixed.permute(0, 2, 3, 1), p.conv1h(), uGradient, g.conv1h(), null)) {
      INDArray gradient =
          convolution.backward(
              z.permute(0, 3, 2, 1),
              p.conv1w(),
              widthGradient.permute(0, 3, 1, 2),
              g.conv1w(),
              null);
      return Packed.permuted(gradient, 0, 3, 2, 1);
    }
  }

  private INDArray heightFirstBackward(
      INDArray z, Kept kept, INDArray sumGradient, Parameters p, Parameters g) {
    INDArray planes = kept.lengthMixed().permute(0, 3, 1, 2);
    try (INDArray beforeTanh = kept.tanh().mul(kept.tanh()).rsubi(1).muli(sumGradient);
        INDArray lengthGradient =
            convolution.backward(
                planes, p.conv2w(), beforeTanh.permute(0, 3, 2, 1), g.conv2w(), null)) {
      INDArray gradient =
          convolution.backward(
              z.permute(0, 2, 1, 3),
              p.conv2h(),
              lengthGradient.permute(0, 2, 3, 1),
              g.conv2h(),
              null);
      return gradient.permute(0, 2, 1, 3);
    }
  }

  private static boolean isResidual(INDArray x, INDArray output) {
    return java.util.Arrays.equals(x.shape(), output.shape());
  }
}
