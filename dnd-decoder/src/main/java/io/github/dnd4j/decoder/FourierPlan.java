package io.github.dnd4j.decoder;

import java.util.Comparator;
import java.util.Optional;

/**
 * The sizes that a {@link FourierConvolution} works with for one shape, and what they cost.
 *
 * @param shape what is convolved
 * @param vertical how the planes' height is cut
 * @param horizontal how their width is cut
 */
record FourierPlan(ConvolutionShape shape, FourierAxis vertical, FourierAxis horizontal) {

  /** The maps' transforms may take this many numbers, 256 MiB. */
  private static final long MOST_SPECTRUM = 1L << 26;

  /** How much slower the many small products are than the transforms of kernels. */
  private static final double PRODUCT = 1.4;

  /** Multiplications in the time in which a kernel is read and split. */
  private static final double SPLIT = 2500;

  /** How much slower kernels' transforms are than those of maps, with writing the result. */
  private static final double KERNELS = 5;

  /**
   * The plan that costs the least.
   *
   * @return nothing if the maps of a single item are too large
   */
  static Optional<FourierPlan> of(ConvolutionShape shape) {
    return FourierAxis.candidates(shape.height(), shape.kernel(), false).stream()
        .flatMap(
            vertical ->
                FourierAxis.candidates(shape.width(), shape.kernel(), true).stream()
                    .map(horizontal -> new FourierPlan(shape, vertical, horizontal)))
        .filter(plan -> plan.spectrum(1) <= MOST_SPECTRUM)
        .min(Comparator.comparingDouble(FourierPlan::cost));
  }

  int kernel() {
    return shape.kernel();
  }

  /** How many complex numbers a piece's width becomes. */
  int across() {
    return horizontal.transform() / 2;
  }

  /** How many complex numbers a piece becomes. */
  int frequencies() {
    return across() * vertical.transform();
  }

  /** How many pieces a plane has. */
  int tiles() {
    return vertical.tiles() * horizontal.tiles();
  }

  /**
   * A piece of a plane.
   *
   * @param item whose plane
   * @param row the first row of its outputs
   * @param rows how many rows it gives
   * @param tileColumn which it is across the width
   * @param column the first column of its outputs
   * @param columns how many columns it gives
   */
  record Piece(long item, long row, int rows, int tileColumn, long column, int columns) {}

  /** A piece, of those of all items one after the other, each from left to right and down. */
  Piece piece(long index) {
    int tileColumn = (int) (index % horizontal.tiles());
    int tileRow = (int) (index / horizontal.tiles() % vertical.tiles());
    return new Piece(
        index / tiles(),
        (long) tileRow * vertical.tile(),
        vertical.outputs(tileRow),
        tileColumn,
        (long) tileColumn * horizontal.tile(),
        horizontal.outputs(tileColumn));
  }

  /** How many numbers the transforms of some items' maps have. */
  long spectrum(int items) {
    return 2L * frequencies() * tiles() * items * shape.in();
  }

  /** How many items are worked at together. */
  int itemsAtOnce() {
    return (int) Math.min(shape.batch(), Math.max(1, MOST_SPECTRUM / spectrum(1)));
  }

  /** Multiplications, those of slow products weighted, and what is done besides. */
  double cost() {
    double splits = rounds() * (double) shape.out() * shape.in();
    return SPLIT * splits + transforms() + KERNELS * kernels() + PRODUCT * products();
  }

  /** Multiplications of all products of matrices. */
  double multiplications() {
    return transforms() + kernels() + products();
  }

  /** Of the transforms of maps, and of the way back. */
  private double transforms() {
    double pieces = (double) shape.batch() * tiles();
    int down = vertical.transform();
    int width = horizontal.transform();
    double acrossMaps =
        (double) shape.batch() * shape.in() * shape.height() * horizontal.tiles() * width * width;
    double downMaps = 4.0 * across() * pieces * shape.in() * down * down;
    double back =
        pieces
            * shape.out()
            * (8.0 * across() * vertical.tile() * down
                + 2.0 * vertical.tile() * horizontal.tile() * width);
    return acrossMaps + downMaps + back;
  }

  /** Of the transforms of kernels; see {@link KernelTransform}. */
  private double kernels() {
    int middle = kernel() / 2;
    double rowsAcross = 2.0 * middle * kernel();
    double down = 4.0 * middle * (vertical.transform() / 2 + 1);
    return rounds() * across() * (rowsAcross + down) * shape.out() * shape.in();
  }

  /** How often kernels are transformed: once for all items that are worked at together. */
  private int rounds() {
    return (shape.batch() + itemsAtOnce() - 1) / itemsAtOnce();
  }

  /** Of the products of transforms. */
  private double products() {
    return 4.0 * frequencies() * tiles() * shape.batch() * shape.out() * shape.in();
  }
}
