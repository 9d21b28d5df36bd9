package io.github.dnd4j.examples.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/** The memory of this process, heap and native together, as Linux counts it. */
public final class ResidentMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  /** What tells Linux to forget the peak; see proc(5). */
  private static final String FORGET_PEAK = "5";

  private ResidentMemory() {}

  /**
   * The largest resident set so far, or since {@link #resetPeak()}.
   *
   * @return the bytes; empty where the system does not tell
   */
  public static OptionalLong peakBytes() {
    return entry("VmHWM:");
  }

  /**
   * The resident set now.
   *
   * @return the bytes; empty where the system does not tell
   */
  public static OptionalLong currentBytes() {
    return entry("VmRSS:");
  }

  /**
   * Has the system count the peak anew, from what is resident now.
   *
   * @return whether it does; if not, the peak stays that of all the process did so far
   */
  static boolean resetPeak() {
    if (!Files.isWritable(CLEAR)) {
      return false;
    }
    try {
      Files.writeString(CLEAR, FORGET_PEAK, StandardOpenOption.WRITE);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static OptionalLong entry(String name) {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
