package io.github.dnd4j.decoder;

import java.util.ArrayList;
import java.util.List;

/**
 * How one axis of a plane is cut into overlapping pieces whose discrete Fourier transforms are
 * multiplied (overlap-save). Piece j gives the outputs from {@code j * tile} on and reads {@code
 * transform} inputs from {@code j * tile - kernel / 2} on, those outside of the plane being zeros.
 *
 * @param length how many outputs the axis has
 * @param tiles how many pieces
 * @param tile how many outputs a piece gives; the last one may give fewer
 * @param transform how long the transform of a piece is
 */
record FourierAxis(int length, int tiles, int tile, int transform) {

  /** A longer transform costs more than it saves. */
  private static final int LONGEST = 72;

  /** All ways worth a thought; transforms of an even length only, if that is asked for. */
  static List<FourierAxis> candidates(int length, int kernel, boolean even) {
    List<FourierAxis> candidates = new ArrayList<>();
    int before = 0;
    for (int tiles = 1; tiles <= length; tiles++) {
      int tile = (length + tiles - 1) / tiles;
      int transform = transform(length, kernel, tiles, tile);
      transform += even ? transform & 1 : 0;
      if (tile != before && (long) tile * (tiles - 1) < length && transform <= LONGEST) {
        candidates.add(new FourierAxis(length, tiles, tile, transform));
        before = tile;
      }
    }
    return candidates;
  }

  /**
   * A circular convolution is right where nothing wraps around but zeros. One piece has kernel / 2
   * of them before and after the plane, so that it does without those after.
   */
  private static int transform(int length, int kernel, int tiles, int tile) {
    return tiles == 1 ? length + kernel / 2 : tile + kernel - 1;
  }

  /** How many outputs a piece gives. */
  int outputs(int piece) {
    return Math.min(tile, length - piece * tile);
  }
}
