package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.FourierBlock.Kernels;
import io.github.dnd4j.internal.Workers;

/**
 * A convolution by multiplying two-dimensional discrete Fourier transforms of overlapping pieces of
 * the planes with those of the kernels (overlap-save). A kernel of 9 x 9 takes 81 multiplications
 * for each output and pair of channels directly, and 3 to 5 so.
 *
 * <p>Every step but the transform of kernels is a product of matrices:
 *
 * <pre>
 * maps      S [f, part, tile column, (item, row), in]      transformed across the width
 *           X [f, g, part, tile, in]                       and down the height
 * kernels   K [part, f, g, (in, out)]                      for some channels and some f at a time
 * product   Y [part of kernel, f, g, part of map, tile, out]     sum over in of X K
 * back      U [row, part of kernel, f, part, tile, out]    down
 *           the output                                     and across
 * </pre>
 *
 * where f and g are the frequencies across and down, and part is real or imaginary. Numbers of the
 * product are complex in two ways, by the kernel's part and by the map's; the way back joins them.
 * Transformed kernels are six times as large as the kernels: they are made for a block of channels,
 * as large as the cache, and used at once.
 */
final class FourierConvolution {

  private final FourierPlan plan;
  private final ConvolutionShape shape;
  private final Workers workers;

  FourierConvolution(FourierPlan plan, Workers workers) {
    this.plan = plan;
    this.shape = plan.shape();
    this.workers = workers;
  }

  /** How many numbers of working memory it takes to convolve. */
  long workingMemory() {
    int items = plan.itemsAtOnce();
    return workingMemory(
        FourierMatrices.Placed.numbers(plan, false), FourierBlock.workingMemory(plan, items));
  }

  /** How many numbers of working memory the gradient of the weights takes. */
  long gradientWorkingMemory() {
    int items = plan.itemsAtOnce();
    return workingMemory(
        FourierMatrices.Placed.numbers(plan, true), FourierGradient.workingMemory(plan, items));
  }

  private long workingMemory(long matrices, long ofWorker) {
    int items = plan.itemsAtOnce();
    return matrices
        + FourierMaps.spectrum(plan, items)
        + Math.max(FourierMaps.workingMemory(plan, items), workers.threads() * ofWorker);
  }

  /**
   * Convolves.
   *
   * @param in {@code [B, in, H, W]}
   * @param kernels where the weights are
   * @param bias the address of a number for each channel of the output, or 0 for none
   * @param out {@code [B, out, H, W]}; channels or columns lie one beside the other
   * @param memory the address of {@link #workingMemory} numbers
   */
  void run(MapsMemory in, Kernels kernels, long bias, MapsMemory out, long memory) {
    FourierMatrices matrices = new FourierMatrices(plan, kernels.transposed());
    FourierMatrices.Placed placed = matrices.place(memory);
    inTurn(
        in,
        placed,
        FourierBlock.workingMemory(plan, plan.itemsAtOnce()),
        (spectrum, first, items) -> {
          FourierBlock work =
              new FourierBlock(plan, placed, items, spectrum, new KernelTransform(plan, matrices));
          return (firstOut, count, place) ->
              work.run(firstOut, count, kernels, bias, out.from(first), place);
        });
  }

  /**
   * The gradient of the weights.
   *
   * @param in {@code [B, in, H, W]}
   * @param outGradient the gradient of the output, {@code [B, out, H, W]}
   * @param weightGradient the address of the result, {@code [out, in, k, k]}
   * @param memory the address of {@link #gradientWorkingMemory} numbers
   */
  void weightGradient(MapsMemory in, MapsMemory outGradient, long weightGradient, long memory) {
    FourierMatrices.Placed placed = new FourierMatrices(plan, false).placeForGradient(memory);
    inTurn(
        in,
        placed,
        FourierGradient.workingMemory(plan, plan.itemsAtOnce()),
        (spectrum, first, items) -> {
          FourierGradient work = new FourierGradient(plan, placed, items, spectrum);
          float beta = first == 0 ? 0 : 1;
          return (firstOut, out, place) ->
              work.run(firstOut, out, outGradient.from(first), weightGradient, beta, place);
        });
  }

  /** What is done with the transformed maps of some items, by one worker. */
  private interface Step {

    Blocks prepare(long spectrum, int first, int items);
  }

  /** What is done for a block of output channels. */
  private interface Blocks {

    void run(int firstOut, int out, long place);
  }

  private void inTurn(MapsMemory in, FourierMatrices.Placed placed, long ofWorker, Step step) {
    long spectrum = placed.end();
    int most = plan.itemsAtOnce();
    long rest = spectrum + Float.BYTES * FourierMaps.spectrum(plan, most);
    for (int first = 0; first < shape.batch(); first += most) {
      int items = Math.min(most, shape.batch() - first);
      new FourierMaps(plan, placed, items, workers).run(in.from(first), spectrum, rest);
      Blocks[] ofWorkers = new Blocks[workers.threads()];
      int from = first;
      int size = FourierBlock.out(plan, workers.threads());
      workers.run(
          (shape.out() + size - 1) / size,
          (block, worker) -> {
            if (ofWorkers[worker] == null) {
              ofWorkers[worker] = step.prepare(spectrum, from, items);
            }
            int firstOut = block * size;
            int out = Math.min(size, shape.out() - firstOut);
            ofWorkers[worker].run(firstOut, out, rest + Float.BYTES * (worker * ofWorker));
          });
    }
  }
}
