package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;
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

  private final boolean always;
  private final DirectConvolution direct = new DirectConvolution();
  private final Workers workers = new Workers(Runtime.getRuntime().availableProcessors());
  private final Map<ConvolutionShape, Optional<FourierPlan>> plans = new ConcurrentHashMap<>();
  private INDArray memory;

  SelectedConvolution(boolean always) {
    this.always = always;
  }

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias) {
    Optional<FourierPlan> plan = plan(ConvolutionShape.of(x, weight));
    return plan.isPresent() && HostFloats.accepts(weight)
        ? transformed(plan.get(), x, weight, bias)
        : direct.forward(x, weight, bias);
  }

  private Optional<FourierPlan> plan(ConvolutionShape shape) {
    return plans.computeIfAbsent(shape, this::choose);
  }

  private Optional<FourierPlan> choose(ConvolutionShape shape) {
    Optional<FourierPlan> plan =
        Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU && BlasThreads.available()
            ? FourierPlan.of(shape)
            : Optional.empty();
    Optional<FourierPlan> chosen =
        plan.filter(p -> always || p.cost() < WORTH * shape.multiplications());
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
      INDArray result = resultFor(maps.array(), plan.shape());
      FourierConvolution convolution = new FourierConvolution(plan, workers);
      convolution.run(
          MapsMemory.of(maps.array()),
          new FourierBlock.Kernels(MapsMemory.addressOf(weight), false),
          bias == null ? 0 : MapsMemory.addressOf(bias),
          MapsMemory.of(result),
          memory(convolution.workingMemory()));
      return result;
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
    return MapsMemory.addressOf(memory);
  }

  @Override
  public INDArray backward(
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient,
      INDArray biasGradient) {
    return direct.backward(x, weight, outGradient, weightGradient, biasGradient);
  }

  @Override
  public synchronized void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
