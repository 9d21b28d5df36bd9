package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Self-attention of a batch of windows: {@code softmax(scale Q K^T + bias) V} per head.
 *
 * <p>Padding is hidden as keys, not as queries. Hugging Face adds the lowest float to the scores of
 * padding keys, after which their softmax is exactly 0. As padding is always at the end, those keys
 * are left out here instead, which gives the same and saves the work. In a window of nothing but
 * padding every score becomes exactly the lowest float there, so that all keys of the window count
 * the same, causal or not and whatever the bias; so they do here.
 *
 * <p>A worker takes some rows of one head of one window at a time: their scores stay in the cache
 * from the product that makes them to the product that uses them, and heads are read and written
 * where they are, side by side. Without a BLAS, as on a GPU, {@link AttentionOps} does it.
 */
final class Attention implements AutoCloseable {

  /** Rows at a time: with fewer the keys are packed too often, with more the cache is too small. */
  private static final int ROWS = 192;

  /** From the scores of one key to the next: not a power of two, which would share cache sets. */
  private static final int STRIDE = ROWS + 16;

  /** Numbers of the widest vector. */
  private static final int VECTOR = 16;

  /** With fewer rows than these, a product is not worth a call. */
  private static final int FEWEST_ROWS = 32;

  private final int windows;
  private final int length;
  private final AttentionShape shape;
  private final Workers workers;

  /** Does all of it if there is no BLAS; null otherwise. */
  private final AttentionOps ops;

  /** For each worker {@code [length, STRIDE]}, a key's scores in each row; null without a BLAS. */
  private final INDArray scores;

  /** One for each worker; empty without a BLAS. */
  private final List<ScoreTile> tiles = new ArrayList<>();

  private int[] valid = {};

  /**
   * Allocates what a batch needs.
   *
   * @param windows the most windows of a batch
   * @param length tokens per window
   * @param shape the heads
   */
  Attention(int windows, int length, AttentionShape shape) {
    this(windows, length, shape, BlasThreads.available());
  }

  /**
   * The same, either way.
   *
   * @param windows the most windows of a batch
   * @param length tokens per window
   * @param shape the heads
   * @param blas whether to call a BLAS, which must be there, or ND4J's operations
   */
  Attention(int windows, int length, AttentionShape shape, boolean blas) {
    this(windows, length, shape, blas, Workers.preferredThreads());
  }

  /**
   * The same with some threads.
   *
   * @param windows the most windows of a batch
   * @param length tokens per window
   * @param shape the heads
   * @param blas whether to call a BLAS, which must be there, or ND4J's operations
   * @param threads how many threads may work; ND4J's operations have theirs
   */
  Attention(int windows, int length, AttentionShape shape, boolean blas, int threads) {
    this.workers = new Workers(threads);
    this.windows = windows;
    this.length = length;
    this.shape = shape;
    this.ops = blas ? null : new AttentionOps(length, shape);
    // Zeros where nobody's columns are: numbers that are next to nothing would be slow.
    this.scores =
        blas ? HostFloats.uninitialized((long) workers.threads() * length, STRIDE).assign(0) : null;
    for (int i = 0; blas && i < workers.threads(); i++) {
      tiles.add(new ScoreTile(length, STRIDE));
    }
  }

  /**
   * Prepares for a batch, which then goes through any number of layers.
   *
   * @param batch at most as many windows as there is room for
   */
  void prepare(List<Window> batch) {
    if (batch.size() > windows) {
      throw new IllegalArgumentException(batch.size() + " windows, room for " + windows);
    }
    valid = batch.stream().mapToInt(Window::valid).toArray();
  }

  /**
   * The attention of the prepared batch.
   *
   * @param queryKeyValue queries, keys and values of all heads side by side, {@code [windows *
   *     length, (heads + 2 * keyValueHeads) * headSize]}
   * @param context {@code [windows * length, heads * headSize]}, to be filled
   */
  void apply(INDArray queryKeyValue, INDArray context) {
    apply(queryKeyValue, null, context);
  }

  /**
   * The same with something added to the scores, as T5 does with its relative positions.
   *
   * @param queryKeyValue queries, keys and values
   * @param bias FLOAT {@code [heads, 2 * length - 1]}, what is added for the distances from {@code
   *     1 - length} to {@code length - 1}, the key's position minus the query's; or null
   * @param context to be filled
   */
  void apply(INDArray queryKeyValue, INDArray bias, INDArray context) {
    check(queryKeyValue, shape.inputWidth());
    check(context, shape.width());
    if (bias != null) {
      check(bias, shape.heads(), distances());
    }
    if (ops != null) {
      ops.apply(valid, queryKeyValue, bias, context);
      return;
    }
    int blocks = (length + ROWS - 1) / ROWS;
    int rows = (length + blocks - 1) / blocks;
    float[][] biases = new float[bias == null ? 0 : workers.threads()][distances()];
    try (BlasThreads single = BlasThreads.single()) {
      workers.run(
          valid.length * shape.heads() * blocks,
          (part, worker) -> {
            // The blocks of a head come one after the other, as they use the same keys and values.
            int first = part % blocks * rows;
            int head = part / blocks % shape.heads();
            int window = part / blocks / shape.heads();
            Block block = new Block(window, head, first, Math.min(rows, length - first));
            long place = Place.addressOf(scores) + bytes((long) worker * length * STRIDE);
            float[] added = bias == null ? null : block.read(bias, biases[worker]);
            block.attend(queryKeyValue, added, place, tiles.get(worker), context);
          });
    }
  }

  /** How many there are between two tokens of a window. */
  private int distances() {
    return Math.addExact(length, length - 1);
  }

  private void check(INDArray matrix, int width) {
    check(matrix, (long) valid.length * length, width);
  }

  /** BLAS would read and write what lies behind a tensor that is too small. */
  private static void check(INDArray matrix, long rows, int width) {
    if (matrix.rank() != 2 || matrix.size(0) < rows || matrix.size(1) != width) {
      throw new IllegalArgumentException(
          Arrays.toString(matrix.shape())
              + " instead of "
              + Arrays.toString(new long[] {rows, width}));
    }
  }

  private static long bytes(long floats) {
    return floats * Float.BYTES;
  }

  /** Some rows of one head of one window. */
  private final class Block {

    private final int window;
    private final int head;
    private final int first;
    private final int count;

    /** How many keys the last of the rows sees, and the others at most. */
    private final int keys;

    Block(int window, int head, int first, int count) {
      this.window = window;
      this.head = head;
      this.first = first;
      this.count = count;
      this.keys = visible(count - 1);
    }

    private boolean onlyPadding() {
      return valid[window] == 0;
    }

    /** How many keys a row sees. */
    private int visible(int row) {
      if (onlyPadding()) {
        return length;
      }
      return shape.causal() ? Math.min(first + row + 1, valid[window]) : valid[window];
    }

    /** A head's bias by how far the key is before the query, as the rows of a block need it. */
    float[] read(INDArray bias, float[] distances) {
      long from = (long) head * distances.length;
      new Place(Place.addressOf(bias) + bytes(from)).get(distances);
      for (int i = 0, j = distances.length - 1; i < j; i++, j--) {
        float before = distances[i];
        distances[i] = distances[j];
        distances[j] = before;
      }
      return distances;
    }

    /**
     * Computes the rows' contexts.
     *
     * @param queryKeyValue of all heads
     * @param bias of this head, from the farthest key behind the query to the farthest before; or
     *     null
     * @param place of scores in native memory
     * @param tile for them in the Java heap
     * @param context of all heads
     */
    void attend(
        INDArray queryKeyValue, float[] bias, long place, ScoreTile tile, INDArray context) {
      Gemm gemm = new Gemm();
      int in = shape.inputWidth();
      int size = shape.headSize();
      long start = Place.addressOf(queryKeyValue) + bytes((long) window * length * in);
      long query = start + bytes((long) first * in + (long) head * size);
      long key = start + bytes(shape.keyColumn(head));
      long value = start + bytes(shape.valueColumn(head));
      if (onlyPadding()) {
        tile.fill(1f / length, keys);
      } else {
        Gemm.Size product = new Gemm.Size(keys, count, size).withRightTransposed();
        gemm.multiply(product, key, in, query, in, 0, place, STRIDE);
        tile.read(place, keys);
        softmax(tile, bias);
      }
      tile.write(place);
      int some = rowsOfProduct(size);
      for (int row = 0; row < count; row += some) {
        long at = (long) window * length + first + row;
        Gemm.Size product =
            new Gemm.Size(Math.min(some, count - row), size, keys).withLeftTransposed();
        long to = Place.addressOf(context) + bytes(at * shape.width() + (long) head * size);
        gemm.multiply(product, place + bytes(row), STRIDE, value, in, 0, to, shape.width());
      }
    }

    /** As many as make a product that is small for the BLAS, in whole vectors; or all. */
    private int rowsOfProduct(int size) {
      long most = Gemm.smallProduct() / ((long) size * keys) / VECTOR * VECTOR;
      return most < FEWEST_ROWS ? count : (int) Math.min(count, most);
    }

    private void softmax(ScoreTile tile, float[] bias) {
      float scale = shape.scale();
      if (bias != null) {
        for (int key = 0; key < keys; key++) {
          tile.scaleAndAdd(key, scale, bias, length - 1 - key + first, count);
        }
        scale = 1;
      }
      for (int key = first + 1; shape.causal() && key < keys; key++) {
        tile.hide(key, key - first);
      }
      tile.softmax(scale);
    }
  }

  @Override
  public void close() {
    if (scores != null) {
      scores.close();
    }
    if (ops != null) {
      ops.close();
    }
  }
}
