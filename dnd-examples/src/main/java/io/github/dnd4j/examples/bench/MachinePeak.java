package io.github.dnd4j.examples.bench;

import io.github.dnd4j.internal.BlasThreads;
import io.github.dnd4j.internal.Gemm;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import io.github.dnd4j.internal.Workers;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a machine does at best, measured and not looked up: the most that anything here can reach.
 *
 * @param operationsPerSecond float32 additions and multiplications of products of 512 x 512
 *     matrices, by all threads that DnD4J uses
 * @param bytesPerSecond read and written in copying memory, by all of them
 */
record MachinePeak(double operationsPerSecond, double bytesPerSecond) {

  private static final int SIZE = 512;
  private static final double OPERATIONS = 2.0 * SIZE * SIZE * SIZE;

  /** Numbers that all workers copy from one half to the other: more than caches hold. */
  private static final long COPIED = 1L << 26;

  /** Rounds, of which the best counts: others may use the machine as well. */
  private static final int ROUNDS = 8;

  private static final int PRODUCTS_PER_ROUND = 32;

  /** Measures for about a second; nothing where BLAS cannot be called, on a GPU for example. */
  static Optional<MachinePeak> measure() {
    if (!BlasThreads.available()) {
      return Optional.empty();
    }
    Workers workers = new Workers(Workers.preferredThreads());
    long numbers = Math.max(COPIED, 3L * SIZE * SIZE * workers.threads());
    try (INDArray memory = HostFloats.uninitialized(numbers);
        BlasThreads single = BlasThreads.single()) {
      memory.assign(0.5f);
      long address = Place.addressOf(memory);
      return Optional.of(new MachinePeak(products(workers, address), copies(workers, address)));
    }
  }

  private static double products(Workers workers, long memory) {
    long matrix = (long) SIZE * SIZE * Float.BYTES;
    return best(
        PRODUCTS_PER_ROUND * workers.threads() * OPERATIONS,
        () ->
            workers.run(
                workers.threads(),
                (part, worker) -> {
                  Gemm gemm = new Gemm();
                  long a = memory + 3 * matrix * part;
                  for (int i = 0; i < PRODUCTS_PER_ROUND; i++) {
                    gemm.multiply(
                        new Gemm.Size(SIZE, SIZE, SIZE),
                        a,
                        SIZE,
                        a + matrix,
                        SIZE,
                        0,
                        a + 2 * matrix,
                        SIZE);
                  }
                }));
  }

  private static double copies(Workers workers, long memory) {
    long bytes = COPIED / 2 / workers.threads() * Float.BYTES;
    return best(
        2.0 * bytes * workers.threads(),
        () ->
            workers.run(
                workers.threads(),
                (part, worker) -> {
                  long from = memory + 2 * bytes * part;
                  Pointer.memcpy(new Place(from + bytes), new Place(from), bytes);
                }));
  }

  private static double best(double work, Runnable round) {
    double seconds = Double.MAX_VALUE;
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      round.run();
      seconds = Math.min(seconds, Run.since(start).seconds());
    }
    return work / seconds;
  }
}
