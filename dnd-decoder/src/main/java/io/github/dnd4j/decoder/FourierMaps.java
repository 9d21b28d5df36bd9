package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.Workers;

/**
 * Transforms the maps of some items; see {@link FourierConvolution}. What pieces read outside of
 * the plane is zeros, so that their products leave it out: no padded copy is needed.
 */
final class FourierMaps {

  private final FourierPlan plan;
  private final FourierMatrices.Placed matrices;
  private final Workers workers;
  private final int items;
  private final int in;
  private final int height;
  private final long channels;
  private final long rows;

  FourierMaps(FourierPlan plan, FourierMatrices.Placed matrices, int items, Workers workers) {
    this.plan = plan;
    this.matrices = matrices;
    this.workers = workers;
    this.items = items;
    this.in = plan.shape().in();
    this.height = plan.shape().height();
    this.channels = FourierBlock.apart(in);
    this.rows = rows(plan, items);
  }

  /** How many numbers a frequency across has in S, for a tile column. */
  private static long rows(FourierPlan plan, int items) {
    return (long) items * plan.shape().height() * FourierBlock.apart(plan.shape().in());
  }

  /** How many numbers X has. */
  static long spectrum(FourierPlan plan, int items) {
    long channels = FourierBlock.apart(plan.shape().in());
    return 2L * plan.frequencies() * plan.tiles() * items * channels;
  }

  /** How many numbers S has. */
  static long workingMemory(FourierPlan plan, int items) {
    return rows(plan, items) * plan.horizontal().tiles() * plan.horizontal().transform();
  }

  /** Fills X, at an address. */
  void run(MapsMemory maps, long spectrum, long memory) {
    int tiles = plan.horizontal().tiles();
    workers.run(
        items * height * tiles, (part, worker) -> across(maps, part / tiles, part % tiles, memory));
    workers.run(plan.across(), (frequency, worker) -> down(frequency, memory, spectrum));
  }

  /** The inputs that a piece reads: those of them that the plane has, and how many are before. */
  private record Inputs(int skipped, int first, int count) {

    static Inputs of(FourierAxis axis, long firstOutput, int kernel) {
      int start = (int) firstOutput - kernel / 2;
      int first = Math.max(0, start);
      return new Inputs(
          first - start, first, Math.min(axis.length(), start + axis.transform()) - first);
    }
  }

  /** The maps to S, for a row of all channels and a tile column. */
  private void across(MapsMemory maps, int row, int tile, long to) {
    FourierAxis axis = plan.horizontal();
    Inputs columns = Inputs.of(axis, (long) tile * axis.tile(), plan.kernel());
    Gemm.Size size = new Gemm.Size(axis.transform(), in, columns.count());
    new Gemm()
        .multiply(
            maps.columnsTogether() ? size.withRightTransposed() : size,
            matrices.mapsAcross + (long) Float.BYTES * columns.skipped(),
            axis.transform(),
            maps.at(row / height, 0, row % height, columns.first()),
            maps.columnsTogether() ? maps.channelStride() : maps.columnStride(),
            0,
            to + Float.BYTES * (tile * rows + row * channels),
            axis.tiles() * rows);
  }

  /** S to X, for one frequency across. */
  private void down(int frequency, long across, long spectrum) {
    FourierAxis axis = plan.vertical();
    int columns = plan.horizontal().tiles();
    long pieces = (long) items * plan.tiles();
    Gemm gemm = new Gemm();
    long from = across + Float.BYTES * (2L * frequency * columns * rows);
    long to = spectrum + Float.BYTES * (2L * frequency * axis.transform() * pieces * channels);
    for (long i = 0; i < pieces; i++) {
      FourierPlan.Piece piece = plan.piece(i);
      Inputs inputs = Inputs.of(axis, piece.row(), plan.kernel());
      Gemm.Size size = new Gemm.Size(2 * axis.transform(), in, inputs.count());
      long row = piece.item() * height + inputs.first();
      for (int part = 0; part < 2; part++) {
        long matrix = part == 0 ? matrices.mapsDownReal : matrices.mapsDownImaginary;
        gemm.multiply(
            size,
            matrix + (long) Float.BYTES * inputs.skipped(),
            axis.transform(),
            from + Float.BYTES * ((part * columns + piece.tileColumn()) * rows + row * channels),
            channels,
            part,
            to + Float.BYTES * i * channels,
            pieces * channels);
      }
    }
  }
}
