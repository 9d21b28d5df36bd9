package io.github.dnd4j.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when OpenBLAS does not know this CPU. It has a set of kernels for each CPU of its time; for
 * a newer one it may take those of an ancestor, without the instructions that make it fast.
 */
final class OpenBlasCore {

  private static final Logger log = LoggerFactory.getLogger(OpenBlasCore.class);

  /** Names of kernels with AVX-512. */
  private static final List<String> AVX512 = List.of("SkylakeX", "Cooperlake", "SapphireRapids");

  /** Names of kernels with AVX2. */
  private static final List<String> AVX2 = List.of("Haswell", "Zen");

  /** Names of kernels without either that OpenBLAS may take for a CPU which it does not know. */
  private static final List<String> OLD =
      List.of(
          "Prescott",
          "Core2",
          "Penryn",
          "Dunnington",
          "Nehalem",
          "Atom",
          "Nano",
          "Sandybridge",
          "Athlon",
          "Opteron",
          "Opteron_SSE3",
          "Barcelona",
          "Bobcat",
          "Bulldozer",
          "Piledriver",
          "Steamroller");

  /** What the kernels named SkylakeX need. */
  private static final Set<String> AVX512_FLAGS =
      Set.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");

  private OpenBlasCore() {}

  /** Logs a warning if OpenBLAS, which must be loaded, is much slower than it could be. */
  static void warnIfSlow() {
    if (System.getenv("OPENBLAS_CORETYPE") != null) {
      return; // somebody chose
    }
    try {
      name().flatMap(core -> complaint(core, cpuFlags())).ifPresent(log::warn);
    } catch (RuntimeException | LinkageError e) {
      log.debug("cannot tell which kernels OpenBLAS has chosen", e);
    }
  }

  /**
   * What there is to say of a choice of kernels.
   *
   * @param core OpenBLAS's name of the kernels
   * @param flags what the CPU can do, in Linux's words; empty if that is not known
   * @return a message for people, if the CPU can do much better
   */
  static Optional<String> complaint(String core, Set<String> flags) {
    boolean avx512 = flags.containsAll(AVX512_FLAGS);
    if (OLD.contains(core) && flags.contains("avx2")) {
      return Optional.of(message(core, avx512, "several times slower"));
    }
    if (AVX2.contains(core) && avx512) {
      return Optional.of(message(core, true, "up to twice as slow"));
    }
    return Optional.empty();
  }

  private static String message(String core, boolean avx512, String cost) {
    return "OpenBLAS does not know this CPU and takes it for one of the kind "
        + core
        + ", but it has "
        + (avx512 ? "AVX-512" : "AVX2")
        + ": matrix products are "
        + cost
        + " than they could be. Put org.bytedeco:openblas:0.3.31-1.5.13 and"
        + " org.bytedeco:javacpp:1.5.13, or newer ones, on the class path, or set the environment"
        + " variable OPENBLAS_CORETYPE="
        + (avx512 ? "SkylakeX" : "Haswell")
        + " before Java starts";
  }

  /**
   * The name of the kernels that OpenBLAS has chosen. Its function for that is not among those that
   * JavaCPP binds; so this compares the address of the chosen ones with those of the ones that have
   * a name.
   *
   * @return the name; empty if they have none of the known names, or BLAS is not OpenBLAS
   */
  static Optional<String> name() {
    Pointer variable = Loader.addressof("gotoblas");
    if (variable == null || variable.isNull()) {
      return Optional.empty();
    }
    long chosen = new LongPointer(variable).get();
    return Stream.of(OLD, AVX2, AVX512)
        .flatMap(List::stream)
        .filter(name -> isAt(Loader.addressof("gotoblas_" + name.toUpperCase(Locale.ROOT)), chosen))
        .findFirst();
  }

  /** Whether the kernels that OpenBLAS, which must be loaded, has chosen use AVX-512. */
  static boolean hasAvx512() {
    try {
      return name().filter(AVX512::contains).isPresent();
    } catch (RuntimeException | LinkageError e) {
      log.debug("cannot tell which kernels OpenBLAS has chosen", e);
      return false;
    }
  }

  private static boolean isAt(Pointer symbol, long address) {
    return symbol != null && symbol.address() == address;
  }

  /** What Linux says that an x86 CPU can do; empty elsewhere. */
  private static Set<String> cpuFlags() {
    Path file = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(file)) {
      return Set.of();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).trim())
          .map(words -> Set.copyOf(List.of(words.split(" "))))
          .orElse(Set.of());
    } catch (IOException e) {
      log.debug("cannot read {}", file, e);
      return Set.of();
    }
  }
}
