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
   * Reads one input.
   *
   * @param input any bytes
   * @throws IOException if the input cannot be written to a file
   */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    FUZZED.check(FOLDER, input);
  }

  /**
   * Writes the seeds of the reader for Jazzer to start from.
   *
   * @param arguments the reader, and the folder to write to
   * @throws IOException if they cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of(arguments[1]));
    for (var seed : FuzzedReader.of(arguments[0]).seeds().entrySet()) {
      Files.write(folder.resolve(seed.getKey()), seed.getValue());
    }
  }
}
