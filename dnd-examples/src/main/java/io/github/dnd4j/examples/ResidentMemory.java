package io.github.dnd4j.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The memory of this process, heap and native together, as Linux counts it. */
final class ResidentMemory {

  private static final Path STATUS = Path.of("/proc/self/status");

  private ResidentMemory() {}

  /** The largest resident set so far; empty where the system does not tell. */
  static OptionalLong peakBytes() {
    return entry("VmHWM:");
  }

  /** The resident set now; empty where the system does not tell. */
  static OptionalLong currentBytes() {
    return entry("VmRSS:");
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
