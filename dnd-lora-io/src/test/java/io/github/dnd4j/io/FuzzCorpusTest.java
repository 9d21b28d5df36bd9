package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Replays what fuzzing starts from, and what it has found: the files of {@code fuzz/<reader>} among
 * the test resources. A file that fuzzing finds from now on belongs there, too.
 */
class FuzzCorpusTest {

  @TempDir Path folder;

  /** The time limit is for inputs that never end, so it is far beyond what a slow machine needs. */
  @ParameterizedTest
  @EnumSource
  @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyInputIsReadOrRefusedInGoodOrder(FuzzedReader reader) throws Exception {
    Map<String, byte[]> inputs = new TreeMap<>(reader.seeds());
    inputs.putAll(corpus(reader));
    inputs.put("nothing", new byte[0]);

    for (Map.Entry<String, byte[]> input : inputs.entrySet()) {
      try {
        reader.check(folder, input.getValue());
      } catch (Throwable e) {
        throw new AssertionError(reader.id() + " of " + input.getKey() + ": " + e, e);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyReaderReadsAtLeastOneSeedToItsEnd(FuzzedReader reader) throws IOException {
    long read =
        reader.seeds().values().stream()
            .filter(
                seed -> {
                  try {
                    reader.read(reader.write(folder, seed));
                    return true;
                  } catch (IOException | RuntimeException e) {
                    return false;
                  }
                })
            .count();

    assertThat(read).isPositive();
  }

  @Test
  void everyFolderOfInputsIsOfAReader() throws Exception {
    try (Stream<Path> folders = Files.list(resources(""))) {
      assertThat(folders.map(path -> path.getFileName().toString()))
          .isNotEmpty()
          .isSubsetOf(Stream.of(FuzzedReader.values()).map(FuzzedReader::id).toList());
    }
  }

  private static Map<String, byte[]> corpus(FuzzedReader reader) throws Exception {
    Path inputs = resources(reader.id());
    if (inputs == null) {
      return Map.of();
    }
    Map<String, byte[]> contents = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> found = Files.list(inputs)) {
      files = found.toList();
    }
    for (Path file : files) {
      contents.put(file.getFileName().toString(), Files.readAllBytes(file));
    }
    return contents;
  }

  private static Path resources(String reader) throws URISyntaxException {
    URL folder = FuzzCorpusTest.class.getResource("fuzz/" + reader);
    return folder == null ? null : Path.of(folder.toURI());
  }
}
