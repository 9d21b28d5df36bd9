package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LibraryVersionTest {

  @Test
  void theBuildWroteItDown() {
    assertThat(LibraryVersion.VERSION).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
  }
}
