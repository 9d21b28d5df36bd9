package io.github.dnd4j.encoder;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The {@link WeightFingerprint} of a large model, which a thread of its own computes while others
 * read the model and use it: SHA-256 takes seconds for a billion numbers, and cannot be shared
 * between threads. What was added must stay as it is until this is closed.
 */
final class BackgroundFingerprint implements AutoCloseable {

  private final WeightFingerprint fingerprint = new WeightFingerprint();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "dnd4j-fingerprint");
            made.setDaemon(true);
            return made;
          });
  private volatile boolean stopped;
  private CompletableFuture<Void> added = CompletableFuture.completedFuture(null);
  private CompletableFuture<String> result;

  /**
   * Adds rows of a matrix as a tensor.
   *
   * @param name the tensor's name
   * @param matrix holds it
   * @param first the tensor's first row in it
   * @param rows how many
   */
  void add(String name, PackedMatrix matrix, int first, int rows) {
    add(
        () -> {
          fingerprint.add(name, rows, matrix.columns());
          matrix.forEachPiece(first, rows, (from, numbers, count) -> digest(numbers, count));
        });
  }

  /** Adds a vector. */
  void add(String name, float[] values) {
    add(
        () -> {
          fingerprint.add(name, values.length);
          digest(values, values.length);
        });
  }

  private void add(Runnable task) {
    added = CompletableFuture.allOf(added, CompletableFuture.runAsync(task, thread));
  }

  private void digest(float[] numbers, int count) {
    if (stopped) {
      throw new CancellationException();
    }
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * count).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(numbers, 0, count);
    fingerprint.addValues(bytes);
  }

  /** Nothing more is added. */
  void end() {
    result = CompletableFuture.supplyAsync(fingerprint::hex, thread);
    thread.shutdown();
  }

  /** The fingerprint of everything added; waits for it. */
  String hex() {
    added.join();
    return result.join();
  }

  /** Ends the computation, so that what was added may be freed. */
  @Override
  public void close() {
    stopped = true;
    added.handle((nothing, stop) -> null).join();
    thread.shutdown();
  }
}
