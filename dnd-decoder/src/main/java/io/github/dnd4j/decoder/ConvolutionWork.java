package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one convolution of a decoder's forward pass comes to, counted and not measured: for bounds
 * of the time that it must take.
 *
 * @param layer whose convolution it is, from 0; with a length squeeze that is the first layer
 * @param name which of the layer's, for example "conv1w"
 * @param transformed whether it is computed by Fourier transforms, or directly
 * @param operations additions and multiplications of float32 numbers: those of the products of
 *     matrices that the transforms are made of, or of all taps of a direct convolution, those that
 *     meet the padding included
 * @param weightBytes how large the weights are, which must be read once at least
 */
public record ConvolutionWork(
    int layer, String name, boolean transformed, double operations, long weightBytes) {

  /**
   * The convolutions of a decoder in the order of its layers. A length squeeze by matrix products
   * counts as two convolutions of kernel 1.
   *
   * @param config the decoder
   * @param engine computes them
   * @param batch how many conditions are decoded at once
   * @return five for each stage, and two for the squeeze if there is one
   */
  public static List<ConvolutionWork> of(
      HyperConvConfig config, ConvolutionEngine engine, int batch) {
    Checks.notNull(engine, "engine");
    Checks.positive(batch, "batch");
    List<ConvolutionWork> all = new ArrayList<>();
    List<FeatureShape> features = config.features();
    config.squeeze().ifPresent(squeeze -> addSqueeze(squeeze, features.get(0), engine, batch, all));
    int first = config.squeeze().isPresent() ? 1 : 0;
    for (int i = 0; i + 1 < features.size(); i++) {
      FeatureShape in = features.get(i);
      FeatureShape out = features.get(i + 1);
      addStage(first + i, in, out, config.kernel(), engine, batch, all);
    }
    return List.copyOf(all);
  }

  private static void addSqueeze(
      LengthSqueeze squeeze,
      FeatureShape to,
      ConvolutionEngine engine,
      int batch,
      List<ConvolutionWork> all) {
    int items = batch * to.n();
    boolean convolved = squeeze.variant() == Variant.PERMUTE;
    ConvolutionEngine used = convolved ? engine : ConvolutionEngine.DIRECT;
    all.add(of(0, "down", used, shape(items, squeeze.length(), to.l(), 1, to.c(), 1)));
    all.add(of(0, "gate", used, shape(items, to.l(), to.l(), 1, to.c(), 1)));
  }

  /** See {@link HyperConvStage} for the planes. */
  private static void addStage(
      int layer,
      FeatureShape in,
      FeatureShape out,
      int kernel,
      ConvolutionEngine engine,
      int batch,
      List<ConvolutionWork> all) {
    all.add(of(layer, "conv1w", engine, shape(batch, in.c(), out.c(), in.l(), in.n(), kernel)));
    all.add(of(layer, "conv1h", engine, shape(batch, in.l(), out.l(), in.n(), out.c(), kernel)));
    all.add(of(layer, "conv2h", engine, shape(batch, in.l(), out.l(), in.n(), in.c(), kernel)));
    all.add(of(layer, "conv2w", engine, shape(batch, in.c(), out.c(), out.l(), in.n(), kernel)));
    all.add(of(layer, "convN", engine, shape(batch, in.n(), out.n(), out.l(), out.c(), kernel)));
  }

  private static ConvolutionShape shape(
      int batch, int in, int out, int height, int width, int kernel) {
    return new ConvolutionShape(batch, in, out, height, width, kernel);
  }

  private static ConvolutionWork of(
      int layer, String name, ConvolutionEngine engine, ConvolutionShape shape) {
    Optional<FourierPlan> plan =
        engine == ConvolutionEngine.DIRECT
            ? Optional.empty()
            : SelectedConvolution.choose(engine, shape);
    double multiplications =
        plan.map(FourierPlan::multiplications).orElseGet(shape::multiplications);
    long weights = (long) shape.in() * shape.out() * shape.kernel() * shape.kernel();
    return new ConvolutionWork(
        layer, name, plan.isPresent(), 2 * multiplications, Float.BYTES * weights);
  }
}
