package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HashesTest {

  @Test
  void anEmptyListHasTheHashOfNoBytes() {
    assertThat(Hashes.sha256(List.of()))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  /** {@code printf '3:abc' | sha256sum} */
  @Test
  void everyTextIsHashedWithItsLength() {
    assertThat(Hashes.sha256(List.of("abc")))
        .isEqualTo("aab5f9ae99b2e38fb462025c8f72f570c9c811705d2a4277dc855d7fa293fe97");
  }

  @Test
  void bordersAndOrderCount() {
    assertThat(Hashes.sha256(List.of("ab", "c")))
        .isNotEqualTo(Hashes.sha256(List.of("a", "bc")))
        .isNotEqualTo(Hashes.sha256(List.of("c", "ab")))
        .isEqualTo(Hashes.sha256(List.of("ab", "c")));
  }
}
