package io.github.dnd4j.io;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.spi.ProgressListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Writes merged files: every byte to the place that it has in the base, so that blocks can be
 * worked on by several threads in any order. The header is among what is copied as it is.
 */
final class MergeRun {

  /**
   * Small enough for the processor's caches, large enough that neither system calls count nor
   * waking the thread that hands blocks out.
   */
  private static final int BLOCK_ELEMENTS = 1 << 18;

  private static final int COPIED_BYTES = 1 << 20;
  private static final int MOST_THREADS = 4;

  /** Blocks under way: what all threads have, and what they take up next. */
  private static final int MOST_PENDING = 4 * MOST_THREADS;

  private final MergePlan plan;
  private final ProgressListener listener;
  private final ExecutorService executor;
  private final CompletionService<Integer> blocks;
  private final ThreadLocal<MergeScratch> scratch = ThreadLocal.withInitial(MergeScratch::new);
  private final long total;
  private long done;
  private int pending;

  private MergeRun(MergePlan plan, ProgressListener listener) {
    this.plan = plan;
    this.listener = listener;
    this.total = plan.files().stream().mapToLong(SafetensorsFile::size).sum();
    int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    this.executor = Executors.newFixedThreadPool(threads, MergeRun::thread);
    this.blocks = new ExecutorCompletionService<>(executor);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "dnd4j-merge");
    thread.setDaemon(true);
    return thread;
  }

  /** Writes the merged form of each of the plan's files to the path at the same place. */
  static void write(MergePlan plan, ProgressListener listener, List<Path> targets)
      throws IOException {
    MergeRun run = new MergeRun(plan, listener);
    try {
      listener.onProgress(0, run.total);
      for (int i = 0; i < targets.size(); i++) {
        run.write(plan.files().get(i), targets.get(i));
      }
    } finally {
      // After an error this also ends the blocks that nobody waits for any more.
      run.executor.shutdownNow();
    }
  }

  private void write(SafetensorsFile base, Path target) throws IOException {
    try (FileChannel out =
        FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long at = 0;
      for (TensorInfo info : plan.changed(base)) {
        long begin = base.position(info.name());
        copy(base, at, begin, out);
        merge(base, info, out);
        at = begin + info.bytes();
      }
      copy(base, at, base.size(), out);
      while (pending > 0) {
        awaitOne();
      }
    }
  }

  private void copy(SafetensorsFile base, long from, long to, FileChannel out) throws IOException {
    for (long at = from; at < to; at += COPIED_BYTES) {
      long start = at;
      int count = (int) Math.min(COPIED_BYTES, to - at);
      submit(
          () -> {
            ByteBuffer bytes = scratch.get().bytes(count);
            base.readAt(start, bytes);
            writeFully(out, bytes.flip(), start);
            return count;
          });
    }
  }

  private void merge(SafetensorsFile base, TensorInfo info, FileChannel out) throws IOException {
    WeightChange change = plan.change(info);
    int rows = Math.toIntExact(info.shape().get(0));
    int perBlock = Math.max(1, BLOCK_ELEMENTS / change.in());
    for (int row = 0; row < rows; row += perBlock) {
      int first = row;
      int count = Math.min(perBlock, rows - row);
      submit(() -> mergeRows(base, info, change, first, count, out));
    }
  }

  private int mergeRows(
      SafetensorsFile base,
      TensorInfo info,
      WeightChange change,
      int first,
      int rows,
      FileChannel out)
      throws IOException {
    int elements = rows * change.in();
    long rowBytes = (long) change.in() * info.type().width();
    long position = base.position(info.name()) + first * rowBytes;
    ByteBuffer bytes = scratch.get().bytes(elements * info.type().width());
    base.readAt(position, bytes);
    bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
    switch (info.type()) {
      case F32 -> addTo(bytes, change, first, rows);
      case F16 -> new HalfChange(change, scratch.get(), rows).addTo(bytes, first, rows);
      default -> new Bfloat16Change(change, bytes, scratch.get().pairs()).add(first, rows);
    }
    int count = bytes.remaining();
    writeFully(out, bytes, position);
    return count;
  }

  private void addTo(ByteBuffer bytes, WeightChange change, int first, int rows) {
    int elements = rows * change.in();
    float[] values = scratch.get().floats(elements);
    bytes.asFloatBuffer().get(values, 0, elements);
    change.addTo(values, first, rows, scratch.get().doubles(change.in()));
    bytes.asFloatBuffer().put(values, 0, elements);
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes, long position)
      throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += out.write(bytes, at);
    }
  }

  private void submit(Callable<Integer> block) throws IOException {
    while (pending >= MOST_PENDING) {
      awaitOne();
    }
    Future<Integer> unused = blocks.submit(block);
    pending++;
  }

  private void awaitOne() throws IOException {
    try {
      done += blocks.take().get();
      pending--;
      listener.onProgress(done, total);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DragAndDropException(
          "merging was interrupted after "
              + done
              + " of "
              + total
              + " bytes; nothing of the result was kept",
          e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(cause);
    }
  }
}
