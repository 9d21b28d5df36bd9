package io.github.dnd4j.internal;

import io.github.dnd4j.NativeMemoryException;
import java.util.Locale;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;

/**
 * Guards large off-heap allocations. ND4J does not check the result of malloc, so that an
 * allocation that fails ends the whole process; and JavaCPP's limits are checked after the fact. So
 * what is known to be large is asked for here first.
 */
public final class NativeMemory {

  private NativeMemory() {}

  /**
   * Checks that native memory suffices, by JavaCPP's limit for this process and by what the machine
   * has free.
   *
   * @param bytes how much is needed
   * @param what what for, as the subject of the message
   * @throws NativeMemoryException if it does not; the message names the options to change
   */
  public static void require(long bytes, String what) {
    long limit = Pointer.maxPhysicalBytes();
    if (limit > 0 && bytes > limit - Pointer.physicalBytes()) {
      throw new NativeMemoryException(
          String.format(
              Locale.ROOT,
              "%s needs %s of native memory, but of this process's limit of %s only %s are left."
                  + " Start Java with -Dorg.bytedeco.javacpp.maxphysicalbytes=%dg (the limit"
                  + " includes the heap) or more",
              what,
              gibibytes(bytes),
              gibibytes(limit),
              gibibytes(Math.max(0, limit - Pointer.physicalBytes())),
              ((bytes + Pointer.physicalBytes()) >> 30) + 1));
    }
    long free = Pointer.availablePhysicalBytes();
    if (free > 0 && bytes > free) {
      throw new NativeMemoryException(
          String.format(
              Locale.ROOT,
              "%s needs %s of native memory, but this machine has only %s free. Close other"
                  + " programs or use a machine with more memory",
              what,
              gibibytes(bytes),
              gibibytes(free)));
    }
  }

  /**
   * Runs something that allocates, and turns the error of native memory that ran out into a clear
   * one.
   *
   * @param what what is done, as the subject of the message
   * @param work does it
   * @param <T> its result
   * @return its result
   * @throws NativeMemoryException if native memory did not suffice
   */
  public static <T> T guard(String what, Supplier<T> work) {
    try {
      return work.get();
    } catch (OutOfMemoryError e) {
      if (!isNative(e)) {
        throw e; // the Java heap: not ours to explain
      }
      throw new NativeMemoryException(
          what
              + " ran out of native memory: "
              + e.getMessage()
              + ". Start Java with larger -Dorg.bytedeco.javacpp.maxphysicalbytes (now "
              + gibibytes(Pointer.maxPhysicalBytes())
              + ", heap included) and -Dorg.bytedeco.javacpp.maxbytes (now "
              + gibibytes(Pointer.maxBytes())
              + ")",
          e);
    }
  }

  /** The messages of JavaCPP's limits and of failed allocations of JavaCPP and ND4J. */
  private static boolean isNative(OutOfMemoryError e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("hysicalBytes") || message.contains("Failed to allocate");
  }

  private static String gibibytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
  }
}
