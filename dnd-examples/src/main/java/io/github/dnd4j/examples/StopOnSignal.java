package io.github.dnd4j.examples;

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

  /** From now on, until it is closed, a signal interrupts the current thread. */
  static StopOnSignal install() {
    StopOnSignal stop = new StopOnSignal(Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(stop.hook);
    return stop;
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

  /** Whether a signal has come. */
  boolean isRequested() {
    return requested;
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
