package io.github.dnd4j.spi;

/** Hears how far a piece of long work is. Called on the thread that does the work. */
@FunctionalInterface
public interface ProgressListener {

  /** Listens to nothing. */
  ProgressListener NONE = (done, total) -> {};

  /**
   * Some of the work is done.
   *
   * @param done how much, in units of the work's own, from 0
   * @param total how much there is in all
   */
  void onProgress(long done, long total);
}
