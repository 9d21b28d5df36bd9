package io.github.dnd4j.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What Jazzer calls with each input that it makes up; the profile {@code fuzz} of this module's pom
 * starts it. The system property {@value #READER} says which reader to fuzz.
 */
public final class FuzzTarget {

  private static final String READER = "fuzz.reader";

  private static final FuzzedReader FUZZED = FuzzedReader.of(System.getProperty(READER));

  private static final Path FOLDER = newFolder();

  private FuzzTarget() {}

  private static Path newFolder() {
    try {
      return Files.createTempDirectory("fuzz");
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * Reads the seeds, so that the first input is not the one that pays for loading ND4J.
   *
   * @throws IOException if they cannot be written to a file
   */
  public static void fuzzerInitialize() throws IOException {
    for (byte[] seed : FUZZED.seeds().values()) {
      FUZZED.check(FOLDER, seed);
    }
  }

  /**
   * Reads one input.
   *
   * @param input any bytes
   * @throws IOException if the input cannot be written to a file
   */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    FUZZED.check(FOLDER, input);
  }
}
