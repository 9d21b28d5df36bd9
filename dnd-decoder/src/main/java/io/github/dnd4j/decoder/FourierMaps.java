package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import org.bytedeco.javacpp.Pointer;

/** Transforms the maps of some items; see {@link FourierConvolution}. */
final class FourierMaps {

  private static final int ROWS_AT_ONCE = 512;

  private final FourierPlan plan;
  private final FourierMatrices.Placed matrices;
  private final Workers workers;
  private final int items;
  private final int in;
  private final int paddedHeight;
  private final int paddedWidth;
  private final long rows;

  FourierMaps(FourierPlan plan, FourierMatrices.Placed matrices, int items, Workers workers) {
    this.plan = plan;
    this.matrices = matrices;
    this.workers = workers;
    this.items = items;
    this.in = plan.shape().in();
    this.paddedHeight = plan.vertical().padded();
    this.paddedWidth = plan.horizontal().padded();
    this.rows = rows(plan, items);
  }

  private static long rows(FourierPlan plan, int items) {
    return FourierBlock.apart((long) items * plan.shape().in() * plan.vertical().padded());
  }

  /** How many numbers X has. */
  static long spectrum(FourierPlan plan, int items) {
    long channels = FourierBlock.apart(plan.shape().in());
    return 2L * plan.frequencies() * plan.tiles() * items * channels;
  }

  /** How many numbers P and S have. */
  static long workingMemory(FourierPlan plan, int items) {
    return padded(plan, items)
        + rows(plan, items) * plan.horizontal().tiles() * plan.horizontal().transform();
  }

  private static long padded(FourierPlan plan, int items) {
    return FourierBlock.aligned(rows(plan, items) * plan.horizontal().padded());
  }

  /** Fills X, at an address. */
  void run(MapsMemory maps, long spectrum, long memory) {
    long across = memory + Float.BYTES * padded(plan, items);
    int height = plan.shape().height();
    workers.run(items * in, (plane, worker) -> clear(plane, memory));
    workers.run(items * height, (row, worker) -> pad(maps, row / height, row % height, memory));
    int chunks = (int) (((long) items * in * paddedHeight + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE);
    workers.run(chunks, (chunk, worker) -> across((long) chunk * ROWS_AT_ONCE, memory, across));
    workers.run(plan.across(), (frequency, worker) -> down(frequency, across, spectrum));
  }

  /** Clears a padded plane: its margins are zeros, and so is what the pieces read beyond it. */
  private void clear(int plane, long memory) {
    long bytes = (long) Float.BYTES * paddedHeight * paddedWidth;
    Pointer.memset(new Place(memory + plane * bytes), 0, bytes);
  }

  /** Copies a row of all channels into P. */
  private void pad(MapsMemory maps, int item, int row, long memory) {
    int margin = plan.kernel() / 2;
    int width = plan.shape().width();
    float[] line = new float[width];
    float[] numbers = maps.columnsTogether() ? null : channelsOf(maps, item, row);
    Place from = new Place(0);
    Place to = new Place(0);
    for (int channel = 0; channel < in; channel++) {
      if (numbers == null) {
        from.at(maps.at(item, channel, row, 0)).get(line);
      } else {
        for (int column = 0; column < width; column++) {
          line[column] = numbers[column * in + channel];
        }
      }
      long plane = (long) item * in + channel;
      long place = (plane * paddedHeight + row + margin) * paddedWidth + margin;
      to.at(memory + Float.BYTES * place).put(line);
    }
  }

  /** A row of maps whose channels lie one beside the other, column by column. */
  private float[] channelsOf(MapsMemory maps, int item, int row) {
    int width = plan.shape().width();
    float[] numbers = new float[width * in];
    Place from = new Place(0);
    for (int column = 0; column < width; column++) {
      from.at(maps.at(item, 0, row, column)).get(numbers, column * in, in);
    }
    return numbers;
  }

  /** P to S, for some rows. */
  private void across(long first, long padded, long across) {
    FourierAxis axis = plan.horizontal();
    int count = (int) Math.min(ROWS_AT_ONCE, (long) items * in * paddedHeight - first);
    Gemm gemm = new Gemm();
    Gemm.Size size = new Gemm.Size(axis.transform(), count, axis.transform());
    for (int tile = 0; tile < axis.tiles(); tile++) {
      gemm.multiply(
          size.withRightTransposed(),
          matrices.mapsAcross,
          axis.transform(),
          padded + Float.BYTES * (first * paddedWidth + (long) tile * axis.tile()),
          paddedWidth,
          0,
          across + Float.BYTES * (tile * rows + first),
          axis.tiles() * rows);
    }
  }

  /** S to X, for one frequency across. */
  private void down(int frequency, long across, long spectrum) {
    FourierAxis axis = plan.vertical();
    int columns = plan.horizontal().tiles();
    long pieces = (long) items * plan.tiles();
    Gemm gemm = new Gemm();
    Gemm.Size size = new Gemm.Size(2 * axis.transform(), in, axis.transform());
    long real = across + Float.BYTES * (2L * frequency * columns * rows);
    long imaginary = real + Float.BYTES * (columns * rows);
    long stride = FourierBlock.apart(in);
    long to = spectrum + Float.BYTES * (2L * frequency * axis.transform() * pieces * stride);
    for (long i = 0; i < pieces; i++) {
      FourierPlan.Piece piece = plan.piece(i);
      long from =
          Float.BYTES
              * (piece.tileColumn() * rows + piece.item() * in * paddedHeight + piece.row());
      long place = to + Float.BYTES * i * stride;
      gemm.multiply(
          size.withRightTransposed(),
          matrices.mapsDownReal,
          axis.transform(),
          real + from,
          paddedHeight,
          0,
          place,
          pieces * stride);
      gemm.multiply(
          size.withRightTransposed(),
          matrices.mapsDownImaginary,
          axis.transform(),
          imaginary + from,
          paddedHeight,
          1,
          place,
          pieces * stride);
    }
  }
}
