package io.github.dnd4j.internal;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps BLAS from using threads of its own while it is open: {@link Workers} call it from as many
 * threads as there are cores, for products that are too small to be shared. The setting is the
 * process's: other threads' products are computed by one thread each meanwhile.
 */
public final class BlasThreads implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BlasThreads.class);

  private static int users;
  private static int before;

  private BlasThreads() {}

  /**
   * Whether the BLAS that ND4J brings can be called from here.
   *
   * @return false on a GPU, or without the natives of a CPU backend
   */
  public static boolean available() {
    return Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU && Availability.AVAILABLE;
  }

  private static final class Availability {

    static final boolean AVAILABLE = find();

    private static boolean find() {
      try {
        Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class);
        OpenBlasCore.warnIfSlow();
        return true;
      } catch (LinkageError e) {
        log.info(
            "ND4J's own operations do all the work, as BLAS cannot be called: {}", e.toString());
        return false;
      }
    }
  }

  /**
   * From now on one thread for each product, until this is closed.
   *
   * @return to be closed
   */
  public static BlasThreads single() {
    if (!available()) {
      throw new IllegalStateException("no BLAS: ask available() first");
    }
    synchronized (BlasThreads.class) {
      if (users == 0) {
        before = openblas_nolapack.blas_get_num_threads();
        openblas_nolapack.blas_set_num_threads(1);
      }
      users++;
    }
    return new BlasThreads();
  }

  @Override
  public void close() {
    synchronized (BlasThreads.class) {
      users--;
      if (users == 0 && before > 0) {
        openblas_nolapack.blas_set_num_threads(before);
      }
    }
  }
}
