package io.github.dnd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Spreads the parts of one piece of work over threads, the caller's among them. Threads live as
 * long as the work: starting one takes a tenth of a millisecond, the work many.
 */
public final class Workers {

  private final int threads;

  /**
   * With so many threads.
   *
   * @param threads at least 1
   */
  public Workers(int threads) {
    this.threads = threads;
  }

  /**
   * As many as OMP_NUM_THREADS allows ND4J's own operations, or as there are cores.
   *
   * @return the number of threads
   */
  public static int preferredThreads() {
    String limit = System.getenv("OMP_NUM_THREADS");
    int cores = Runtime.getRuntime().availableProcessors();
    return limit != null && limit.matches("[1-9][0-9]{0,3}")
        ? Math.min(cores, Integer.parseInt(limit))
        : cores;
  }

  /**
   * How many threads there are.
   *
   * @return the number, the caller included
   */
  public int threads() {
    return threads;
  }

  /** A part of the work. */
  public interface Part {

    /**
     * Does it.
     *
     * @param index which part
     * @param worker who does it, from 0; one part at a time
     */
    void run(int index, int worker);
  }

  /**
   * Does all parts; each worker takes the next one when it is ready.
   *
   * @param parts how many
   * @param part does one
   */
  public void run(int parts, Part part) {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> others = new ArrayList<>();
    for (int worker = 1; worker < Math.min(threads, parts); worker++) {
      int number = worker;
      Thread thread =
          new Thread(() -> work(parts, part, number, next, failure), "dnd4j-worker-" + worker);
      thread.setDaemon(true);
      thread.start();
      others.add(thread);
    }
    work(parts, part, 0, next, failure);
    others.forEach(Workers::join);
    rethrow(failure.get());
  }

  private static void work(
      int parts, Part part, int worker, AtomicInteger next, AtomicReference<Throwable> failure) {
    try {
      for (int i = next.getAndIncrement(); i < parts; i = next.getAndIncrement()) {
        part.run(i, worker);
      }
    } catch (RuntimeException | Error e) {
      next.set(parts);
      failure.compareAndSet(null, e);
    }
  }

  /** Waits to the end, as the others use memory of this call; an interrupt is kept for later. */
  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void rethrow(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
