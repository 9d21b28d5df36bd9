package io.github.dnd4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A cache of conditions")
class ConditionCacheTest {

  private static final int LENGTH = 3;
  private static final int DIMENSION = 4;
  private static final int SIZE = LENGTH * DIMENSION;
  private static final long BYTES = SIZE * Float.BYTES;
  private static final int HEADER = 8 + 4 + 32;
  private static final long RECORD = 32 + 4 + BYTES;
  private static final long AMPLE = 1 << 20;

  @TempDir private Path folder;

  private final HashEncoder encoder = new HashEncoder("one", DIMENSION);

  private ConditionCache open(long budget, Path directory) {
    return ConditionCache.open(encoder, LENGTH, budget, directory);
  }

  private static float[] read(ConditionCache cache, String text) {
    float[] values = new float[SIZE];
    cache.read(text, values, 0);
    return values;
  }

  private static float[] expected(String text) {
    return HashEncoder.statesOf(text, LENGTH, DIMENSION);
  }

  private Path onlyFile() throws IOException {
    try (var files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  @Test
  @DisplayName("has each text encoded once, alone, and only when it is asked for")
  void once() {
    try (ConditionCache cache = open(AMPLE, null)) {
      assertThat(encoder.calls).isEmpty();
      for (String text : List.of("a", "b", "a", "b", "a")) {
        assertThat(read(cache, text)).containsExactly(expected(text));
      }
      assertThat(encoder.calls).containsExactly(List.of("a"), List.of("b"));
      assertThat(cache.encoded()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("writes to where it is asked to, and nowhere else")
  void offset() {
    try (ConditionCache cache = open(AMPLE, null)) {
      float[] values = new float[SIZE + 4];
      cache.read("a", values, 3);
      assertThat(values).startsWith(0, 0, 0).endsWith(0);
      float[] written = new float[SIZE];
      System.arraycopy(values, 3, written, 0, SIZE);
      assertThat(written).containsExactly(expected("a"));
      assertThatThrownBy(() -> cache.read("a", values, 5))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  @DisplayName("keeps conditions in a directory, for the next run")
  void lasting() throws IOException {
    // given
    try (ConditionCache cache = open(AMPLE, folder)) {
      read(cache, "a");
      read(cache, "b");
    }
    assertThat(onlyFile().getFileName().toString()).matches("conditions-[0-9a-f]{16}\\.bin");
    assertThat(onlyFile()).hasSize(HEADER + 2 * RECORD);
    // when
    try (ConditionCache next = open(AMPLE, folder)) {
      // then
      assertThat(read(next, "b")).containsExactly(expected("b"));
      assertThat(read(next, "a")).containsExactly(expected("a"));
      assertThat(next.encoded()).isZero();
      read(next, "c");
      assertThat(next.encoded()).isEqualTo(1);
    }
    assertThat(encoder.calls).hasSize(3);
    assertThat(onlyFile()).hasSize(HEADER + 3 * RECORD);
  }

  @Test
  @DisplayName("puts what memory has no room for into a temporary file")
  void spill() {
    // given room for one
    try (ConditionCache cache = open(BYTES, null)) {
      List<String> texts = List.of("a", "b", "c");
      texts.forEach(text -> read(cache, text));
      // when, then
      for (int round = 0; round < 2; round++) {
        for (String text : texts) {
          assertThat(read(cache, text)).containsExactly(expected(text));
        }
      }
      assertThat(cache.encoded()).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("works without any memory, from its file alone")
  void noMemory() {
    try (ConditionCache cache = open(0, folder)) {
      for (String text : List.of("a", "b", "a")) {
        assertThat(read(cache, text)).containsExactly(expected(text));
      }
      assertThat(cache.encoded()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("cuts off a record that a crash left unfinished")
  void torn() throws IOException {
    // given a file whose last record lacks its end
    try (ConditionCache cache = open(AMPLE, folder)) {
      read(cache, "a");
      read(cache, "b");
    }
    try (RandomAccessFile file = new RandomAccessFile(onlyFile().toFile(), "rw")) {
      file.setLength(file.length() - 5);
    }
    // when
    try (ConditionCache next = open(AMPLE, folder)) {
      assertThat(onlyFile()).hasSize(HEADER + RECORD);
      // then
      assertThat(read(next, "a")).containsExactly(expected("a"));
      assertThat(read(next, "b")).containsExactly(expected("b"));
      assertThat(next.encoded()).isEqualTo(1);
    }
    assertThat(onlyFile()).hasSize(HEADER + 2 * RECORD);
  }

  @Test
  @DisplayName("begins anew when a crash left not even the header")
  void tornHeader() throws IOException {
    open(AMPLE, folder).close();
    try (RandomAccessFile file = new RandomAccessFile(onlyFile().toFile(), "rw")) {
      file.setLength(10);
    }
    try (ConditionCache next = open(0, folder)) {
      assertThat(read(next, "a")).containsExactly(expected("a"));
    }
    assertThat(onlyFile()).hasSize(HEADER + RECORD);
  }

  @Test
  @DisplayName("encodes again what is damaged, for good")
  void damaged() throws IOException {
    // given a file with a wrong bit in the first of two conditions
    try (ConditionCache cache = open(AMPLE, folder)) {
      read(cache, "a");
      read(cache, "b");
    }
    try (RandomAccessFile file = new RandomAccessFile(onlyFile().toFile(), "rw")) {
      long place = HEADER + RECORD - 3;
      file.seek(place);
      int value = file.read();
      file.seek(place);
      file.write(value ^ 1);
    }
    // when
    try (ConditionCache next = open(0, folder)) {
      // then
      assertThat(read(next, "a")).containsExactly(expected("a"));
      assertThat(read(next, "a")).containsExactly(expected("a"));
      assertThat(read(next, "b")).containsExactly(expected("b"));
      assertThat(next.encoded()).isEqualTo(1);
    }
    try (ConditionCache last = open(0, folder)) {
      assertThat(read(last, "a")).containsExactly(expected("a"));
      assertThat(last.encoded()).isZero();
    }
  }

  @Test
  @DisplayName("keeps encoders and text lengths apart")
  void otherEncoder() throws IOException {
    HashEncoder other = new HashEncoder("two", DIMENSION);
    try (ConditionCache first = open(AMPLE, folder);
        ConditionCache second = ConditionCache.open(other, LENGTH, AMPLE, folder);
        ConditionCache longer = ConditionCache.open(encoder, LENGTH + 1, AMPLE, folder)) {
      read(first, "a");
      read(second, "a");
      longer.read("a", new float[SIZE + DIMENSION], 0);
      assertThat(other.calls).hasSize(1);
      assertThat(longer.encoded()).isEqualTo(1);
    }
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  @DisplayName("refuses a file of its name that is something else")
  void foreign() throws IOException {
    open(AMPLE, folder).close();
    Files.writeString(onlyFile(), "something else of more bytes than the header of such a file");
    assertThatThrownBy(() -> open(AMPLE, folder))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(onlyFile().getFileName().toString());
    // and does not keep it open
    Files.delete(onlyFile());
    open(AMPLE, folder).close();
  }

  @Test
  @DisplayName("has its file for itself")
  void locked() {
    ConditionCache first = open(AMPLE, folder);
    assertThatThrownBy(() -> open(AMPLE, folder.resolve("..").resolve(folder.getFileName())))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("in use by another run");
    first.close();
    open(AMPLE, folder).close();
  }

  @Test
  @DisplayName("survives that a thread which uses it is interrupted")
  void interrupted() {
    try (ConditionCache cache = open(0, folder)) {
      read(cache, "a");
      // when
      Thread.currentThread().interrupt();
      read(cache, "a");
      read(cache, "b");
      // then
      assertThat(Thread.interrupted()).isTrue();
      assertThat(read(cache, "a")).containsExactly(expected("a"));
      assertThat(read(cache, "b")).containsExactly(expected("b"));
      assertThat(cache.encoded()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("prepares what is missing, and says how far it is")
  void prepare() {
    try (ConditionCache cache = open(BYTES, folder)) {
      read(cache, "b");
      List<String> heard = new ArrayList<>();
      // when
      cache.prepare(List.of("a", "b", "c", "a"), (done, total) -> heard.add(done + " of " + total));
      // then
      assertThat(heard).containsExactly("1 of 2", "2 of 2");
      assertThat(encoder.calls).containsExactly(List.of("b"), List.of("a"), List.of("c"));
      cache.prepare(List.of("a", "b", "c"), (done, total) -> heard.add("again"));
      assertThat(heard).hasSize(2);
    }
  }

  @Test
  @DisplayName("leaves the encoder open, and is of no use when closed")
  void closed() {
    ConditionCache cache = open(AMPLE, null);
    read(cache, "a");
    cache.close();
    cache.close();
    assertThatThrownBy(() -> read(cache, "a"))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> open(-1, null)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> ConditionCache.open(encoder, 0, 0, null))
        .isInstanceOf(InvalidInputException.class);
  }
}
