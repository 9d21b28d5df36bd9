package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDropException;
import java.io.PrintWriter;

/**
 * Lets Ctrl-C, or a polite kill, interrupt the thread that works instead of ending the process
 * under it, and has the process wait until that thread is done.
 */
final class StopOnSignal implements AutoCloseable {

  private final Thread worker;
  private final Thread hook;
  private volatile boolean requested;
  private volatile boolean done;

  private StopOnSignal(Thread worker) {
    this.worker = worker;
    this.hook = new Thread(this::interruptAndWait, "dnd-stop");
  }

  /**
   * Works until it is done or a signal comes, and says what an interruption came to while the
   * process still waits for it.
   *
   * @return the exit code
   */
  static int guard(PrintWriter err, Runnable work) {
    try (StopOnSignal stop = new StopOnSignal(Thread.currentThread())) {
      Runtime.getRuntime().addShutdownHook(stop.hook);
      return stop.run(err, work);
    }
  }

  private int run(PrintWriter err, Runnable work) {
    try {
      work.run();
      return 0;
    } catch (DragAndDropException e) {
      if (!requested) {
        throw e;
      }
      err.println("dnd: " + e.getMessage());
      return 1;
    }
  }

  private void interruptAndWait() {
    requested = true;
    worker.interrupt();
    synchronized (this) {
      while (!done) {
        try {
          wait();
        } catch (InterruptedException e) {
          return;
        }
      }
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      done = true;
      notifyAll();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs already and was just told that the work is done.
    }
  }
}
