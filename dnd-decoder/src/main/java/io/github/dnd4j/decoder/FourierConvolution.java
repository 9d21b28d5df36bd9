package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.FourierBlock.Kernels;
import io.github.dnd4j.internal.Workers;

/**
 * A convolution by multiplying two-dimensional discrete Fourier transforms of overlapping pieces of
 * the planes with those of the kernels (overlap-save). A kernel of 9 x 9 takes 81 multiplications
 * for each output and pair of channels directly, and 3 to 5 so.
 *
 * <p>Nearly every step is a product of matrices:
 *
 * <pre>
 * maps      P [item, in, row, column]                      padded with zeros
 *           S [f, part, tile column, (item, in, row)]      transformed across the width
 *           X [f, g, part, tile, in]                       and down the height
 * kernels   H [even or odd, (in, out), tap]                halves, some channels at a time
 *           K [part, f, g, (in, out)]                      both ways, some f at a time
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

  /** How many numbers of working memory it takes. */
  long workingMemory() {
    int items = plan.itemsAtOnce();
    return FourierMatrices.Placed.numbers(plan)
        + FourierMaps.spectrum(plan, items)
        + Math.max(
            FourierMaps.workingMemory(plan, items),
            workers.threads() * FourierBlock.workingMemory(plan, items));
  }

  /**
   * Convolves.
   *
   * @param in {@code [B, in, H, W]}
   * @param kernels where the weights are
   * @param bias the address of a number for each channel of the output, or 0 for none
   * @param out {@code [B, out, H, W]}; channels or columns lie one beside the other
   * @param memory the address of as much working memory as this asks for
   */
  void run(MapsMemory in, Kernels kernels, long bias, MapsMemory out, long memory) {
    inTurn(
        in,
        kernels.transposed(),
        memory,
        (matrices, spectrum, first, items, block, place) ->
            new FourierBlock(plan, matrices, items, spectrum)
                .run(block, kernels, bias, out.from(first), place));
  }

  /**
   * The gradient of the weights.
   *
   * @param in {@code [B, in, H, W]}
   * @param outGradient the gradient of the output, {@code [B, out, H, W]}
   * @param weightGradient the address of the result, {@code [out, in, k, k]}
   * @param memory the address of as much working memory as this asks for
   */
  void weightGradient(MapsMemory in, MapsMemory outGradient, long weightGradient, long memory) {
    inTurn(
        in,
        false,
        memory,
        (matrices, spectrum, first, items, block, place) ->
            new FourierGradient(plan, matrices, items, spectrum)
                .run(block, outGradient.from(first), weightGradient, first == 0 ? 0 : 1, place));
  }

  /** What is done with the transformed maps of some items, for a block of output channels. */
  private interface Step {

    void run(
        FourierMatrices.Placed matrices,
        long spectrum,
        int first,
        int items,
        int block,
        long place);
  }

  private void inTurn(MapsMemory in, boolean mirrored, long memory, Step step) {
    FourierMatrices.Placed matrices = new FourierMatrices(plan, mirrored).place(memory);
    long spectrum = memory + Float.BYTES * FourierMatrices.Placed.numbers(plan);
    int most = plan.itemsAtOnce();
    long rest = spectrum + Float.BYTES * FourierMaps.spectrum(plan, most);
    for (int first = 0; first < shape.batch(); first += most) {
      int items = Math.min(most, shape.batch() - first);
      new FourierMaps(plan, matrices, items, workers).run(in.from(first), spectrum, rest);
      int from = first;
      workers.run(
          FourierBlock.count(plan),
          (block, worker) ->
              step.run(
                  matrices,
                  spectrum,
                  from,
                  items,
                  block,
                  rest + (long) Float.BYTES * worker * FourierBlock.workingMemory(plan, items)));
    }
  }
}
