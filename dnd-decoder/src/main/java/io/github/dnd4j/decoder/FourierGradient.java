package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.Place;
import org.bytedeco.javacpp.Pointer;

/**
 * The gradient of some channels' kernels, from the transformed maps and the gradient of the output:
 * the transposed matrices of {@link FourierBlock} in the opposite order, with the same arrays.
 *
 * <pre>
 * U = back across, transposed, times the gradient of the output
 * Y = back down, transposed, times U
 * K [part, f, g, (in, out)] = sum over maps' part, tile of X Y
 * the gradient of the kernels' halves = the kernels' transform, transposed, times K
 * </pre>
 */
final class FourierGradient {

  private final FourierPlan plan;
  private final ConvolutionShape shape;
  private final FourierMatrices.Placed matrices;
  private final long spectrum;
  private final int down;
  private final int across;
  private final long pieces;
  private final KernelHalves halves;
  private final Gemm gemm = new Gemm();

  FourierGradient(FourierPlan plan, FourierMatrices.Placed matrices, int items, long spectrum) {
    this.plan = plan;
    this.shape = plan.shape();
    this.matrices = matrices;
    this.spectrum = spectrum;
    this.down = plan.vertical().transform();
    this.across = plan.horizontal().transform();
    this.pieces = (long) items * plan.tiles();
    this.halves = new KernelHalves(shape);
  }

  /** How many numbers the kernels' halves, K, Y and U take, for a block. */
  static long workingMemory(FourierPlan plan, int items) {
    return halves(plan) + FourierBlock.workingMemory(plan, items);
  }

  private static long halves(FourierPlan plan) {
    return FourierBlock.aligned(2 * FourierBlock.pairs(plan) * KernelHalves.half(plan.shape()));
  }

  /**
   * Adds the gradient of some channels of the output.
   *
   * @param firstOut the first channel of the output
   * @param out how many
   * @param outGradient the gradient of the output
   * @param weightGradient the address of {@code [out, in, k, k]}
   * @param beta 0 if what is there is to be replaced, 1 if it is to be added to
   * @param memory the address of {@link #workingMemory} numbers
   */
  void run(
      int firstOut, int out, MapsMemory outGradient, long weightGradient, float beta, long memory) {
    int items = (int) (pieces / plan.tiles());
    long transformed = memory + Float.BYTES * halves(plan);
    long products = transformed + Float.BYTES * FourierBlock.kernels(plan);
    long rows = products + Float.BYTES * FourierBlock.products(plan, items);
    across(firstOut, out, outGradient, rows);
    down(out, rows, products);
    int together = FourierBlock.frequenciesAtOnce(plan);
    int in = FourierBlock.inBlock(shape);
    for (int firstIn = 0; firstIn < shape.in(); firstIn += in) {
      FourierBlock.Part channels =
          new FourierBlock.Part(firstOut, out, firstIn, Math.min(in, shape.in() - firstIn));
      for (int first = 0; first < across / 2; first += together) {
        int count = Math.min(together, across / 2 - first);
        for (int f = 0; f < count; f++) {
          multiply(first + f, f, channels, products, transformed);
        }
        transform(channels, first, count, transformed, memory);
      }
      halves.join(memory, channels, weightGradient, beta != 0);
    }
  }

  /** The gradient of the output to U. */
  private void across(int firstOut, int out, MapsMemory outGradient, long rows) {
    FourierAxis vertical = plan.vertical();
    FourierAxis horizontal = plan.horizontal();
    long stride = pieces * out;
    if (vertical.length() % vertical.tile() != 0) {
      // Rows below the plane have no gradient.
      long bytes = (long) Float.BYTES * 2 * across * vertical.tile() * stride;
      Pointer.memset(new Place(rows), 0, bytes);
    }
    for (long i = 0; i < pieces; i++) {
      FourierPlan.Piece piece = plan.piece(i);
      Gemm.Size size = new Gemm.Size(2 * across, out, piece.columns());
      for (int r = 0; r < piece.rows(); r++) {
        long to = rows + Float.BYTES * ((2L * across * r * pieces + i) * out);
        long from = outGradient.at(piece.item(), firstOut, piece.row() + r, piece.column());
        if (outGradient.columnsTogether()) {
          gemm.multiply(
              size.withRightTransposed(),
              matrices.backAcross,
              horizontal.tile(),
              from,
              outGradient.channelStride(),
              0,
              to,
              stride);
        } else {
          gemm.multiply(
              size,
              matrices.backAcross,
              horizontal.tile(),
              from,
              outGradient.columnStride(),
              0,
              to,
              stride);
        }
      }
    }
  }

  /** U to Y. */
  private void down(int out, long rows, long products) {
    long columns = pieces * out;
    for (int i = 0; i < across; i++) { // (part of kernel, frequency across)
      long to = products + Float.BYTES * ((long) i * down * 2 * columns);
      for (long first = 0; first < columns; first += FourierBlock.COLUMNS_AT_ONCE) {
        int count = (int) Math.min(FourierBlock.COLUMNS_AT_ONCE, columns - first);
        Gemm.Size size = new Gemm.Size(2 * down, count, plan.vertical().tile());
        for (int part = 0; part < 2; part++) {
          gemm.multiply(
              size.withLeftTransposed(),
              part == 0 ? matrices.backDownReal : matrices.backDownImaginary,
              2L * down,
              rows + Float.BYTES * ((2L * i + part) * columns + first),
              2L * across * columns,
              part,
              to + Float.BYTES * first,
              columns);
        }
      }
    }
  }

  /** X and Y to K, for one frequency across. */
  private void multiply(
      int frequency, int place, FourierBlock.Part channels, long products, long to) {
    long mapsStride = FourierBlock.apart(shape.in());
    Gemm.Size size = new Gemm.Size(channels.in(), channels.out(), (int) (2 * pieces));
    for (int g = 0; g < down; g++) {
      long both = (long) frequency * down + g;
      long maps = spectrum + Float.BYTES * (both * 2 * pieces * mapsStride + channels.firstIn());
      for (int part = 0; part < 2; part++) {
        long gradients = ((long) part * plan.frequencies() + both) * 2 * pieces * channels.out();
        gemm.multiply(
            size.withLeftTransposed(),
            maps,
            mapsStride,
            products + Float.BYTES * gradients,
            channels.out(),
            0,
            FourierBlock.kernel(plan, channels, part, place, g, to),
            channels.out());
      }
    }
  }

  /** Adds K's share of the gradient of the kernels' halves, for some frequencies across. */
  private void transform(FourierBlock.Part channels, int first, int count, long from, long to) {
    int half = KernelHalves.half(shape);
    Gemm.Size size = new Gemm.Size(channels.in() * channels.out(), half, down * count);
    for (int part = 0; part < 2; part++) {
      gemm.multiply(
          size.withLeftTransposed(),
          FourierBlock.kernel(plan, channels, part, 0, 0, from),
          channels.pairs(),
          matrices.kernels(part) + (long) Float.BYTES * first * down * half,
          half,
          first == 0 ? 0 : 1,
          to + (long) part * Float.BYTES * halves.numbers(channels),
          half);
    }
  }
}
