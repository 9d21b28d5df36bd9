package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** By Fourier transforms where they pay, or wherever they can be used; directly otherwise. */
final class SelectedConvolution implements Convolution {

  private static final Logger log = LoggerFactory.getLogger(SelectedConvolution.class);

  /**
   * Transforms pay if they have this much of the multiplications of a direct convolution: half of
   * what would make them equal where BLAS uses all of the CPU, as it does not on every CPU.
   */
  private static final double WORTH = 0.35;

  private final ConvolutionEngine engine;
  private final DirectConvolution direct = new DirectConvolution();
  private final Workers workers = new Workers(Workers.preferredThreads());
  private final Map<ConvolutionShape, Optional<FourierPlan>> plans = new ConcurrentHashMap<>();
  private INDArray memory;
  private boolean announced;

  SelectedConvolution(ConvolutionEngine engine) {
    this.engine = engine;
  }

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias) {
    Optional<FourierPlan> plan = plan(ConvolutionShape.of(x, weight));
    return plan.isPresent() && Numbers.accept(weight)
        ? transformed(plan.get(), x, weight, bias)
        : direct.forward(x, weight, bias);
  }

  private Optional<FourierPlan> plan(ConvolutionShape shape) {
    return plans.computeIfAbsent(shape, this::choose);
  }

  /** The plan that an engine other than the direct one uses; nothing if it convolves directly. */
  static Optional<FourierPlan> choose(ConvolutionEngine engine, ConvolutionShape shape) {
    Optional<FourierPlan> plan = BlasThreads.available() ? FourierPlan.of(shape) : Optional.empty();
    return plan.filter(
        p -> engine == ConvolutionEngine.FAST || p.cost() < WORTH * shape.multiplications());
  }

  private Optional<FourierPlan> choose(ConvolutionShape shape) {
    Optional<FourierPlan> chosen = choose(engine, shape);
    log.debug(
        "{}: {}",
        shape,
        chosen.isEmpty()
            ? "directly"
            : "by Fourier transforms of "
                + chosen.get().vertical().transform()
                + " x "
                + chosen.get().horizontal().transform());
    return chosen;
  }

  private synchronized INDArray transformed(
      FourierPlan plan, INDArray x, INDArray weight, INDArray bias) {
    try (Packed maps = usable(x);
        BlasThreads single = BlasThreads.single()) {
      announce();
      return convolve(
          plan, maps.array(), new FourierBlock.Kernels(Numbers.of(weight), false), bias);
    }
  }

  private INDArray convolve(
      FourierPlan plan, INDArray maps, FourierBlock.Kernels kernels, INDArray bias) {
    INDArray result = resultFor(maps, plan.shape());
    FourierConvolution convolution = new FourierConvolution(plan, workers);
    convolution.run(
        MapsMemory.of(maps),
        kernels,
        bias == null ? 0 : Place.addressOf(bias),
        MapsMemory.of(result),
        memory(convolution.workingMemory()));
    return result;
  }

  private void announce() {
    if (!announced) {
      announced = true;
      log.info(
          "convolution engine {}: by Fourier transforms {}, in {} threads",
          engine.name().toLowerCase(Locale.ROOT),
          engine == ConvolutionEngine.FAST ? "wherever they can be used" : "where they pay",
          workers.threads());
    }
  }

  private static Packed usable(INDArray maps) {
    return MapsMemory.accepts(maps) ? new Packed(maps, false) : Packed.of(maps);
  }

  /** Maps of undefined content, in the order of x if that is of use. */
  private static INDArray resultFor(INDArray x, ConvolutionShape shape) {
    INDArray result = DirectConvolution.inOrderOf(x, shape.out());
    if (MapsMemory.accepts(result)) {
      return result;
    }
    try (result) {
      return HostFloats.uninitialized(shape.batch(), shape.out(), shape.height(), shape.width());
    }
  }

  private long memory(long numbers) {
    if (memory == null || memory.length() < numbers) {
      close();
      NativeMemory.require(numbers * Float.BYTES, "a convolution");
      memory = HostFloats.uninitialized(numbers);
    }
    return Place.addressOf(memory);
  }

  @Override
  public INDArray backward(
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient,
      INDArray biasGradient) {
    ConvolutionShape shape = ConvolutionShape.of(x, weight);
    Optional<FourierPlan> ofWeight = plan(shape);
    Optional<FourierPlan> ofInput = plan(shape.transposed());
    boolean possible = HostFloats.accepts(weight) && HostFloats.accepts(weightGradient);
    if (!possible || ofWeight.isEmpty() || ofInput.isEmpty()) {
      return direct.backward(x, weight, outGradient, weightGradient, biasGradient);
    }
    DirectConvolution.sumInto(biasGradient, outGradient);
    return transformed(ofWeight.get(), ofInput.get(), x, weight, outGradient, weightGradient);
  }

  private synchronized INDArray transformed(
      FourierPlan ofWeight,
      FourierPlan ofInput,
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient) {
    try (Packed maps = usable(x);
        Packed gradient = usable(outGradient);
        BlasThreads single = BlasThreads.single()) {
      announce();
      FourierConvolution weights = new FourierConvolution(ofWeight, workers);
      weights.weightGradient(
          MapsMemory.of(maps.array()),
          MapsMemory.of(gradient.array()),
          Place.addressOf(weightGradient),
          memory(weights.gradientWorkingMemory()));
      return convolve(
          ofInput, gradient.array(), new FourierBlock.Kernels(Numbers.of(weight), true), null);
    }
  }

  @Override
  public synchronized void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
