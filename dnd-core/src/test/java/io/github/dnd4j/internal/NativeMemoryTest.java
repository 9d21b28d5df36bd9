package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.NativeMemoryException;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NativeMemoryTest {

  private static final long EXBIBYTE = 1L << 60;

  @Test
  void littleIsAlwaysThere() {
    assertThatCode(() -> NativeMemory.require(1, "a byte")).doesNotThrowAnyException();
  }

  @Test
  void moreThanTheLimitIsRefusedWithTheOptionToChange() {
    assertThat(Pointer.maxPhysicalBytes()).as("the tests run with a limit").isPositive();

    assertThatThrownBy(() -> NativeMemory.require(EXBIBYTE, "loading the decoder"))
        .isInstanceOf(NativeMemoryException.class)
        .hasMessageContaining("loading the decoder needs 1073741824.00 GiB of native memory")
        .hasMessageContaining("of this process's limit of")
        .hasMessageContaining("-Dorg.bytedeco.javacpp.maxphysicalbytes=1073741825g");
  }

  @Test
  void theOptionThatIsAskedForSuffices() {
    long bytes = Pointer.maxPhysicalBytes();

    assertThatThrownBy(() -> NativeMemory.require(bytes, "loading the decoder"))
        .isInstanceOf(NativeMemoryException.class)
        .satisfies(
            e -> {
              String asked = e.getMessage().replaceAll(".*maxphysicalbytes=(\\d+)g.*", "$1");
              assertThat(Long.parseLong(asked) << 30).isGreaterThan(bytes);
            });
  }

  @Test
  void aResultIsHandedThrough() {
    assertThat(NativeMemory.guard("counting", () -> 42)).isEqualTo(42);
  }

  /** A real one: more than -Dorg.bytedeco.javacpp.maxbytes allows. */
  @Test
  void anAllocationBeyondJavaCppsLimitIsExplained() {
    assertThat(Pointer.maxBytes()).as("the tests run with a limit").isPositive();
    long bytes = Pointer.maxBytes() + 1;

    assertThatThrownBy(() -> NativeMemory.guard("allocating", () -> new BytePointer(bytes)))
        .isInstanceOf(NativeMemoryException.class)
        .hasMessageContaining("allocating ran out of native memory")
        .hasMessageContaining("-Dorg.bytedeco.javacpp.maxphysicalbytes")
        .hasMessageContaining("-Dorg.bytedeco.javacpp.maxbytes")
        .hasCauseInstanceOf(OutOfMemoryError.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Physical memory usage is too high: physicalBytes (13G) > maxPhysicalBytes (12G)",
        "Failed to allocate memory within limits: totalBytes (7G + 2G) > maxBytes (8G)",
        "Failed to allocate [123] bytes"
      })
  void theMessagesOfJavaCppAndNd4jAreKnown(String message) {
    assertThatThrownBy(() -> NativeMemory.guard("working", () -> outOfMemory(message)))
        .isInstanceOf(NativeMemoryException.class)
        .hasMessageContaining("working ran out of native memory: " + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Java heap space",
        "GC overhead limit exceeded",
        "Metaspace",
        "unable to create native thread: possibly out of memory or process/resource limits reached"
      })
  void theHeapIsNotExplainedAway(String message) {
    assertThatThrownBy(() -> NativeMemory.guard("working", () -> outOfMemory(message)))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage(message);
  }

  @Test
  void anErrorWithoutAMessageStaysWhatItIs() {
    assertThatThrownBy(() -> NativeMemory.guard("working", () -> outOfMemory(null)))
        .isInstanceOf(OutOfMemoryError.class);
  }

  private static Object outOfMemory(String message) {
    throw new OutOfMemoryError(message);
  }
}
