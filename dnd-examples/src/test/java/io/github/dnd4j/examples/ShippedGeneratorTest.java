package io.github.dnd4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A generator on the class path")
class ShippedGeneratorTest {

  @TempDir private Path folder;
  private Path resources;

  @BeforeEach
  void write() throws IOException {
    resources = folder.resolve(ShippedGenerator.RESOURCES);
    Files.createDirectories(resources.getParent());
    TinyGenerator.write(resources);
  }

  /** Of the test's folder alone. */
  private URLClassLoader classPath() throws IOException {
    return new URLClassLoader(new URL[] {folder.toUri().toURL()}, null);
  }

  @Test
  @DisplayName("is unpacked into a folder that is gone when it is closed")
  void unpacked() throws IOException {
    try (URLClassLoader loader = classPath();
        ResourceFiles files = ShippedGenerator.unpack(loader)) {
      // when it is opened and the files are gone
      try (DragAndDrop generator = DragAndDrop.load(files.folder())) {
        files.close();
        // then it works without them
        assertThat(files.folder()).doesNotExist();
        generator.generate(List.of("Where do storks spend the winter?")).close();
      }
    }
  }

  @Test
  @DisplayName("that is missing is an error that says what to do")
  void missing() throws IOException {
    Files.delete(resources.resolve("decoder.safetensors"));
    try (URLClassLoader loader = classPath()) {
      assertThatThrownBy(() -> ShippedGenerator.unpack(loader))
          .isInstanceOf(FileAccessException.class)
          .hasMessageContaining(ShippedGenerator.RESOURCES + "/decoder.safetensors")
          .hasMessageContaining("--generator");
    }
  }

  @Test
  @DisplayName("with other weights than it was made with is refused")
  void damaged() throws IOException {
    // given a bit of the last weight that has changed
    Path weights = resources.resolve("decoder.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 3] ^= 1;
    Files.write(weights, bytes);
    // when, then
    try (URLClassLoader loader = classPath();
        ResourceFiles files = ShippedGenerator.unpack(loader)) {
      assertThatThrownBy(() -> DragAndDrop.load(files.folder()))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("SHA-256");
    }
  }
}
