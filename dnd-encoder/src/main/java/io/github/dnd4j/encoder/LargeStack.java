package io.github.dnd4j.encoder;

/**
 * Calls on a thread with room for deep native calls: ONNX Runtime 1.29 overflows the usual stack of
 * a Java thread, and the process dies of it. Starting a thread takes a tenth of a millisecond.
 */
final class LargeStack {

  private static final long BYTES = 64L << 20;

  private LargeStack() {}

  /**
   * What is called.
   *
   * @param <T> its result
   * @param <E> its checked exception
   */
  @FunctionalInterface
  interface Call<T, E extends Exception> {

    T run() throws E;
  }

  /** One call on a thread of its own. */
  private static final class Run<T, E extends Exception> implements Runnable {

    private final Call<T, E> call;
    private T result;
    private Throwable failure;

    Run(Call<T, E> call) {
      this.call = call;
    }

    @Override
    public void run() {
      try {
        result = call.run();
      } catch (Exception | Error e) {
        failure = e;
      }
    }
  }

  /**
   * Calls, and waits to the end even if the caller is interrupted, as the call uses its memory.
   *
   * @param call what is called
   * @param <T> its result
   * @param <E> its checked exception
   * @return its result
   * @throws E if it does
   */
  static <T, E extends Exception> T call(Call<T, E> call) throws E {
    Run<T, E> run = new Run<>(call);
    Thread thread = new Thread(null, run, "dnd4j-onnxruntime", BYTES);
    thread.setDaemon(true);
    thread.start();
    join(thread);
    if (run.failure == null) {
      return run.result;
    }
    if (run.failure instanceof Error error) {
      throw error;
    }
    if (run.failure instanceof RuntimeException exception) {
      throw exception;
    }
    @SuppressWarnings("unchecked") // all that is left for it to throw
    E checked = (E) run.failure;
    throw checked;
  }

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
}
