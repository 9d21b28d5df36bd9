package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Multi-head self-attention of a batch of windows: {@code softmax(Q K^T / sqrt d) V} per head.
 *
 * <p>Padding is hidden as keys, not as queries. Hugging Face adds the lowest float to the scores of
 * padding keys, after which their softmax is exactly 0. As padding is always at the end, those keys
 * are left out here instead, which gives the same and saves the work. In a window of nothing but
 * padding every score becomes exactly the lowest float there, so that all keys count the same; so
 * they do here.
 *
 * <p>Heads are first copied out of the rows, because products of contiguous matrices are nearly
 * twice as fast as those of strided views. The products are of rank 2, because only those reach
 * oneDNN, and the softmax is of rank 3 for the same reason. The scores are those of one window at a
 * time.
 */
final class SelfAttention implements AutoCloseable {

  private final int length;
  private final int heads;
  private final int headSize;

  /** Heads one after the other, each {@code [length, headSize]}. */
  private final INDArray queries;

  private final INDArray keys;
  private final INDArray values;
  private final INDArray contexts;

  private final INDArray scores;

  /** Views into the tensors above, for the windows at hand. */
  private final List<WindowViews> windows = new ArrayList<>();

  /**
   * Allocates what a batch needs.
   *
   * @param windows how many windows there are in a batch
   * @param length tokens per window
   * @param heads how many heads
   * @param headSize the width of a head
   */
  SelfAttention(int windows, int length, int heads, int headSize) {
    this.length = length;
    this.heads = heads;
    this.headSize = headSize;
    long size = (long) windows * heads * length * headSize;
    queries = HostFloats.uninitialized(size);
    keys = HostFloats.uninitialized(size);
    values = HostFloats.uninitialized(size);
    contexts = HostFloats.uninitialized(size);
    scores = HostFloats.uninitialized((long) heads * length * length);
  }

  /** The matrices of one head. */
  private record HeadViews(
      INDArray query, INDArray key, INDArray value, INDArray score, INDArray context) {}

  /** The heads of one window and their scores as one tensor {@code [heads, length, keys]}. */
  private record WindowViews(List<HeadViews> heads, INDArray scores, boolean onlyPadding) {}

  /**
   * Prepares for a batch, which then goes through any number of layers.
   *
   * @param batch as many windows as there is room for
   */
  void prepare(List<Window> batch) {
    windows.clear();
    for (int w = 0; w < batch.size(); w++) {
      windows.add(viewsOf(w, batch.get(w).valid()));
    }
  }

  private WindowViews viewsOf(int window, int valid) {
    int visible = valid == 0 ? length : valid;
    List<HeadViews> views = new ArrayList<>();
    for (int h = 0; h < heads; h++) {
      long head = offset(window, h);
      views.add(
          new HeadViews(
              Views.of(queries, head, length, headSize),
              Views.of(keys, head, visible, headSize),
              Views.of(values, head, visible, headSize),
              Views.of(scores, (long) h * length * visible, length, visible),
              Views.of(contexts, head, length, headSize)));
    }
    return new WindowViews(views, Views.of(scores, 0, heads, length, visible), valid == 0);
  }

  private long offset(int window, int head) {
    return ((long) window * heads + head) * length * headSize;
  }

  /**
   * The attention of the prepared batch.
   *
   * @param queryKeyValue {@code [windows * length, 3C]}
   * @param context {@code [windows * length, C]}, to be filled
   */
  void apply(INDArray queryKeyValue, INDArray context) {
    split(queryKeyValue);
    windows.forEach(this::attend);
    join(context);
  }

  private void attend(WindowViews window) {
    if (window.onlyPadding) {
      window.scores.assign(1f / length);
    } else {
      for (HeadViews head : window.heads) {
        Products.multiply(head.query, false, head.key, true, head.score);
      }
      Nd4j.exec(new SoftMax(window.scores, window.scores, -1));
    }
    for (HeadViews head : window.heads) {
      Products.multiply(head.score, head.value, head.context);
    }
  }

  /** Copies heads that are side by side to where they are one after the other; scales queries. */
  private void split(INDArray queryKeyValue) {
    int width = heads * headSize;
    float scale = (float) (1 / Math.sqrt(headSize));
    forEachBlock(
        (window, first, count) -> {
          float[] rows = new float[count * 3 * width];
          HostFloats.of(queryKeyValue)
              .read(((long) window * length + first) * 3 * width, rows, 0, rows.length);
          splitBlock(rows, 0, scale, queries, window, first, count);
          splitBlock(rows, width, 1, keys, window, first, count);
          splitBlock(rows, 2 * width, 1, values, window, first, count);
        });
  }

  private void splitBlock(
      float[] rows, int column, float scale, INDArray target, int window, int first, int count) {
    int stride = 3 * heads * headSize;
    float[] head = new float[count * headSize];
    HostFloats floats = HostFloats.of(target);
    for (int h = 0; h < heads; h++) {
      for (int row = 0; row < count; row++) {
        int from = row * stride + column + h * headSize;
        for (int c = 0; c < headSize; c++) {
          head[row * headSize + c] = rows[from + c] * scale;
        }
      }
      floats.write(offset(window, h) + (long) first * headSize, head, 0, head.length);
    }
  }

  /** The opposite of {@link #split}. */
  private void join(INDArray context) {
    int width = heads * headSize;
    forEachBlock(
        (window, first, count) -> {
          float[] rows = new float[count * width];
          float[] head = new float[count * headSize];
          HostFloats floats = HostFloats.of(contexts);
          for (int h = 0; h < heads; h++) {
            floats.read(offset(window, h) + (long) first * headSize, head, 0, head.length);
            for (int row = 0; row < count; row++) {
              System.arraycopy(head, row * headSize, rows, row * width + h * headSize, headSize);
            }
          }
          HostFloats.of(context)
              .write(((long) window * length + first) * width, rows, 0, rows.length);
        });
  }

  /** Work on some rows of one window. */
  @FunctionalInterface
  private interface BlockWork {
    void on(int window, int first, int count);
  }

  private void forEachBlock(BlockWork work) {
    RowBlocks.forEach(
        windows.size() * length,
        (start, count) -> {
          // A block that crosses from one window to the next is cut there.
          int end = start + count;
          for (int row = start; row < end; ) {
            int first = row % length;
            int part = Math.min(end - row, length - first);
            work.on(row / length, first, part);
            row += part;
          }
        });
  }

  @Override
  public void close() {
    windows.clear();
    List.of(queries, keys, values, contexts, scores).forEach(INDArray::close);
  }
}
