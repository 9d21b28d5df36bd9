package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Gemm;

/**
 * Computes some channels of the output from the transformed maps; see {@link FourierConvolution}.
 */
final class FourierBlock {

  /** Channels of the output that a worker computes at a time, at most. */
  static final int OUT = 64;

  /** Fewer are not worth a block of their own. */
  private static final int FEWEST_OUT = 16;

  /** Channels of the input whose kernels are transformed at a time, at most. */
  private static final int MOST_IN = 96;

  /** Matrices of this many columns stay in the cache. */
  static final int COLUMNS_AT_ONCE = 512;

  private static final int ROWS_AT_ONCE = 64;

  /**
   * Rows of a product's left side, at most: with more, OpenBLAS does without its fast small kernels
   * where it has such, for products of up to a million multiplications.
   */
  private static final int NUMBERS_AT_ONCE = 160;

  /** Numbers in a line of the cache. */
  static final int ALIGNMENT = 16;

  private final FourierPlan plan;
  private final ConvolutionShape shape;
  private final FourierMatrices.Placed matrices;
  private final long spectrum;
  private final int down;
  private final int across;
  private final int items;
  private final long pieces;
  private final KernelTransform transform;
  private final Gemm gemm = new Gemm();

  /**
   * Where kernels are.
   *
   * @param taps all of their numbers
   * @param transposed false for weights {@code [out, in, k, k]}; true for {@code [in, out, k, k]},
   *     and then the kernels are mirrored
   */
  record Kernels(Numbers taps, boolean transposed) {}

  /** Some channels of the output and of the input. */
  record Part(int firstOut, int out, int firstIn, int in) {

    /** How far the rows of their transformed kernels are apart. */
    long pairs() {
      return apart((long) out * in);
    }
  }

  FourierBlock(
      FourierPlan plan,
      FourierMatrices.Placed matrices,
      int items,
      long spectrum,
      KernelTransform transform) {
    this.plan = plan;
    this.shape = plan.shape();
    this.matrices = matrices;
    this.spectrum = spectrum;
    this.items = items;
    this.down = plan.vertical().transform();
    this.across = plan.horizontal().transform();
    this.pieces = (long) items * plan.tiles();
    this.transform = transform;
  }

  static long aligned(long numbers) {
    return (numbers + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * A stride of rows that many numbers long. Rows that are a multiple of 4 KiB apart would share a
   * few places of the cache.
   */
  static long apart(long numbers) {
    long stride = aligned(numbers);
    return stride % (16 * ALIGNMENT) == 0 ? stride + ALIGNMENT : stride;
  }

  /**
   * How many channels of the output a block has: so many that all workers have blocks to the end,
   * and as many of them.
   */
  static int out(FourierPlan plan, int workers) {
    int out = plan.shape().out();
    int blocks = (out + OUT - 1) / OUT;
    int shared = (blocks + workers - 1) / workers * workers;
    int most = Math.max(blocks, out / FEWEST_OUT);
    int parts = Math.min(shared, most);
    return (out + parts - 1) / parts;
  }

  /** How many numbers K, Y and U take, for a block. */
  static long workingMemory(FourierPlan plan, int items) {
    return kernels(plan) + products(plan, items) + rows(plan, items);
  }

  /** How many pairs of channels a block has, and the gap after them. */
  static long pairs(FourierPlan plan) {
    return apart((long) Math.min(OUT, plan.shape().out()) * inBlock(plan.shape()));
  }

  static int inBlock(ConvolutionShape shape) {
    return (int) aligned(evenly(shape.in(), MOST_IN));
  }

  /** How large parts are that are as few as they can be, and nearly of the same size. */
  private static int evenly(long numbers, int most) {
    long parts = (numbers + most - 1) / most;
    return (int) ((numbers + parts - 1) / parts);
  }

  static long kernels(FourierPlan plan) {
    return pairs(plan) * 2 * plan.vertical().transform() * frequenciesAtOnce(plan);
  }

  /** So many that kernels become about {@link #ROWS_AT_ONCE} numbers at a time. */
  static int frequenciesAtOnce(FourierPlan plan) {
    return evenly(plan.across(), Math.max(1, ROWS_AT_ONCE / (2 * plan.vertical().transform())));
  }

  static long products(FourierPlan plan, int items) {
    long numbers = 4L * plan.frequencies() * plan.tiles() * items;
    return aligned(numbers * Math.min(OUT, plan.shape().out()));
  }

  private static long rows(FourierPlan plan, int items) {
    long numbers = 2L * plan.vertical().tile() * plan.horizontal().transform();
    return aligned(numbers * plan.tiles() * items * Math.min(OUT, plan.shape().out()));
  }

  /**
   * Computes some channels, {@link #OUT} at most; memory is the address of {@link #workingMemory}
   * numbers.
   */
  void run(int firstOut, int out, Kernels kernels, long bias, MapsMemory results, long memory) {
    long products = memory + Float.BYTES * kernels(plan);
    long rows = products + Float.BYTES * products(plan, items);
    int together = frequenciesAtOnce(plan);
    int in = inBlock(shape);
    for (int firstIn = 0; firstIn < shape.in(); firstIn += in) {
      Part channels = new Part(firstOut, out, firstIn, Math.min(in, shape.in() - firstIn));
      transform.split(kernels, channels);
      for (int first = 0; first < across / 2; first += together) {
        int count = Math.min(together, across / 2 - first);
        transform.transform(channels, first, count, memory);
        for (int f = 0; f < count; f++) {
          multiply(first + f, f, channels, memory, products);
        }
      }
    }
    backDown(out, products, rows);
    if (bias != 0) {
      spread(bias + Float.BYTES * (long) firstOut, firstOut, out, results);
    }
    backAcross(firstOut, out, bias == 0 ? 0 : 1, rows, results);
  }

  /** Where the transforms {@code [in, out]} at a frequency are, of those that are made together. */
  static long kernel(FourierPlan plan, Part channels, int part, int f, int g, long transformed) {
    long row = ((long) part * frequenciesAtOnce(plan) + f) * plan.vertical().transform() + g;
    return transformed + Float.BYTES * row * channels.pairs();
  }

  /** Adds X times K to Y, for one frequency across. */
  private void multiply(int frequency, int place, Part channels, long transformed, long to) {
    long mapsStride = apart(shape.in());
    long numbers = 2 * pieces;
    int most = evenly(numbers, NUMBERS_AT_ONCE);
    float beta = channels.firstIn == 0 ? 0 : 1;
    for (int g = 0; g < down; g++) {
      long both = (long) frequency * down + g;
      for (int part = 0; part < 2; part++) {
        long sums = (part * (long) plan.frequencies() + both) * numbers;
        for (long first = 0; first < numbers; first += most) {
          int count = (int) Math.min(most, numbers - first);
          gemm.multiply(
              new Gemm.Size(count, channels.out, channels.in),
              spectrum + Float.BYTES * ((both * numbers + first) * mapsStride + channels.firstIn),
              mapsStride,
              kernel(plan, channels, part, place, g, transformed),
              channels.out,
              beta,
              to + Float.BYTES * ((sums + first) * channels.out),
              channels.out);
        }
      }
    }
  }

  /** Y to U. */
  private void backDown(int out, long products, long to) {
    long columns = pieces * out;
    int tile = plan.vertical().tile();
    for (int i = 0; i < across; i++) { // (part of kernel, frequency across)
      long from = products + Float.BYTES * ((long) i * down * 2 * columns);
      for (long first = 0; first < columns; first += COLUMNS_AT_ONCE) {
        int count = (int) Math.min(COLUMNS_AT_ONCE, columns - first);
        Gemm.Size size = new Gemm.Size(tile, count, 2 * down);
        for (int part = 0; part < 2; part++) {
          gemm.multiply(
              size,
              part == 0 ? matrices.backDownReal : matrices.backDownImaginary,
              2L * down,
              from + Float.BYTES * first,
              columns,
              0,
              to + Float.BYTES * ((2L * i + part) * columns + first),
              2L * across * columns);
        }
      }
    }
  }

  /** U to the output, row by row of each piece. */
  private void backAcross(int firstOut, int out, float beta, long rows, MapsMemory results) {
    for (long i = 0; i < pieces; i++) {
      FourierPlan.Piece piece = plan.piece(i);
      for (int r = 0; r < piece.rows(); r++) {
        long from = rows + Float.BYTES * ((2L * across * r * pieces + i) * out);
        long to = results.at(piece.item(), firstOut, piece.row() + r, piece.column());
        backAcross(from, out, piece.columns(), beta, to, results);
      }
    }
  }

  private void backAcross(
      long from, int out, int columns, float beta, long to, MapsMemory results) {
    int inner = 2 * across;
    int tile = plan.horizontal().tile();
    if (results.columnsTogether()) {
      gemm.multiply(
          new Gemm.Size(out, columns, inner).withLeftTransposed(),
          from,
          pieces * out,
          matrices.backAcross,
          tile,
          beta,
          to,
          results.channelStride());
    } else {
      gemm.multiply(
          new Gemm.Size(columns, out, inner).withLeftTransposed(),
          matrices.backAcross,
          tile,
          from,
          pieces * out,
          beta,
          to,
          results.columnStride());
    }
  }

  /** Fills channels with their bias. */
  private void spread(long bias, int firstOut, int out, MapsMemory results) {
    int width = shape.width();
    for (int item = 0; item < items; item++) {
      for (int row = 0; row < shape.height(); row++) {
        long to = results.at(item, firstOut, row, 0);
        if (results.columnsTogether()) {
          gemm.multiply(
              new Gemm.Size(out, width, 1),
              bias,
              1,
              matrices.ones,
              width,
              0,
              to,
              results.channelStride());
        } else {
          gemm.multiply(
              new Gemm.Size(width, out, 1),
              matrices.ones,
              1,
              bias,
              out,
              0,
              to,
              results.columnStride());
        }
      }
    }
  }
}
