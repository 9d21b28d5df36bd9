package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Waiting for the disk")
class DiskSyncTest {

  @TempDir private Path folder;

  /** A file of zeros, which takes no room on most disks. */
  private Path file(String name, long size) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    try (RandomAccessFile zeros = new RandomAccessFile(file.toFile(), "rw")) {
      zeros.setLength(size);
    }
    return file;
  }

  @Test
  @DisplayName("is done for a file up to a size, and for a folder of such files")
  void small() throws IOException {
    Path largest = file("adapter/weights", DiskSync.LARGEST);
    file("adapter/config/json", 1);

    assertThat(DiskSync.force(largest)).isTrue();
    assertThat(DiskSync.force(folder.resolve("adapter"))).isTrue();
  }

  @Test
  @DisplayName("is not done for a larger file, whatever is beside it")
  void large() throws IOException {
    Path weights = file("model/weights", DiskSync.LARGEST + 1);
    file("model/config", 1);

    assertThat(DiskSync.force(weights)).isFalse();
    assertThat(DiskSync.force(folder.resolve("model"))).isFalse();
  }

  @Test
  @DisplayName("fails for a file that is not there, and leaves names where that cannot be done")
  void missing() {
    Path missing = folder.resolve("missing");

    assertThatThrownBy(() -> DiskSync.force(missing)).isInstanceOf(NoSuchFileException.class);
    assertThatCode(() -> DiskSync.forceNames(missing)).doesNotThrowAnyException();
  }
}
