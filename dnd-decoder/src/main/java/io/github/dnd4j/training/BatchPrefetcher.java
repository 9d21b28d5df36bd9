package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;

/**
 * Assembles batches on a thread of its own, so that the next one is ready when a step ends. One
 * batch is in the making and one ready at most.
 */
final class BatchPrefetcher implements AutoCloseable {

  private final Object lock = new Object();
  private final Thread thread;
  private final long batches;

  /** What is ready to be taken, or null. */
  private TrainingBatch ready;

  /** What ended the thread, or null: a RuntimeException or an Error. */
  private Throwable failure;

  private long taken;
  private boolean closed;

  /**
   * Starts to assemble.
   *
   * @param source makes the batches; it stays the caller's, who uses it for nothing else and closes
   *     it after this
   * @param firstItem the first batch's first item
   * @param batchSize items per batch
   * @param batches how many batches
   */
  BatchPrefetcher(BatchSource source, long firstItem, int batchSize, long batches) {
    this.batches = batches;
    this.thread =
        new Thread(() -> assembleAll(source, firstItem, batchSize), "dnd4j-batch-prefetcher");
    thread.setDaemon(true);
    thread.start();
  }

  private void assembleAll(BatchSource source, long firstItem, int batchSize) {
    try {
      boolean wanted = true;
      for (long i = 0; i < batches && wanted; i++) {
        wanted = offer(source.assemble(firstItem + i * batchSize, batchSize));
      }
    } catch (RuntimeException | Error e) {
      synchronized (lock) {
        failure = e;
        lock.notifyAll();
      }
    }
  }

  /** Waits until the one before has been taken; false if nobody wants it any more. */
  private boolean offer(TrainingBatch batch) {
    synchronized (lock) {
      while (ready != null && !closed) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          closed = true; // by close(), and nobody else knows this thread
        }
      }
      if (closed) {
        batch.close();
        return false;
      }
      ready = batch;
      lock.notifyAll();
      return true;
    }
  }

  /**
   * Waits for the next batch.
   *
   * @return the batch; the caller closes it
   * @throws DragAndDropException if the calling thread is interrupted, whose flag is set again; if
   *     all batches have been taken, or this is closed; and whatever assembling has thrown
   */
  TrainingBatch next() {
    synchronized (lock) {
      if (taken == batches) {
        throw new DragAndDropException("all " + batches + " training batches have been taken");
      }
      try {
        while (ready == null && failure == null && !closed) {
          lock.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new DragAndDropException("interrupted while waiting for a training batch", e);
      }
      return take();
    }
  }

  private TrainingBatch take() {
    if (closed) {
      throw new DragAndDropException("no more training batches: their prefetcher is closed");
    }
    if (ready == null) {
      throw rethrown();
    }
    TrainingBatch batch = ready;
    ready = null;
    taken++;
    lock.notifyAll();
    return batch;
  }

  private RuntimeException rethrown() {
    if (failure instanceof Error error) {
      throw error;
    }
    return (RuntimeException) failure;
  }

  /**
   * Stops the thread, waits for its end and frees what was not taken. It is interrupted, which ends
   * the batch in the making at the next text. A second call does nothing.
   */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    thread.interrupt();
    join();
    synchronized (lock) {
      if (ready != null) {
        ready.close();
        ready = null;
      }
    }
  }

  /** To the end, also if the caller is interrupted: the thread uses what the caller will close. */
  private void join() {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
