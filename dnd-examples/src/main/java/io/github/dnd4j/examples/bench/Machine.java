package io.github.dnd4j.examples.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the figures were measured on.
 *
 * @param processor the processor's name, or its architecture where the system does not tell
 * @param cores how many processors this process may use
 * @param threads how many threads other programs are told to use: OMP_NUM_THREADS, or the cores
 * @param system the operating system
 * @param java the Java virtual machine
 * @param allocator the C library's settings (GLIBC_TUNABLES), which other programs get too
 */
record Machine(
    String processor, int cores, int threads, String system, String java, String allocator) {

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  /** This machine. */
  static Machine here() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new Machine(
        processorName().orElse(System.getProperty("os.arch")),
        cores,
        threads(cores),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.version"),
        Optional.ofNullable(System.getenv("GLIBC_TUNABLES")).orElse(""));
  }

  private static Optional<String> processorName() {
    if (!Files.isReadable(PROCESSORS)) {
      return Optional.empty();
    }
    try (var lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static int threads(int cores) {
    String given = System.getenv("OMP_NUM_THREADS");
    return given != null && given.matches("[1-9]\\d{0,3}") ? Integer.parseInt(given) : cores;
  }
}
