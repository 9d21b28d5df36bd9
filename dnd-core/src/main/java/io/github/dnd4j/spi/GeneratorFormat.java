package io.github.dnd4j.spi;

import io.github.dnd4j.DragAndDropException;
import java.nio.file.Path;

/**
 * Reads and writes the description in a generator directory. The implementation is found by {@link
 * java.util.ServiceLoader}.
 */
public interface GeneratorFormat {

  /**
   * Reads a generator's description.
   *
   * @param file its {@code generator.json}; its content is not trusted
   * @return the description
   * @throws io.github.dnd4j.FileAccessException if it is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if its content is broken
   */
  GeneratorManifest read(Path file);

  /**
   * Writes a generator's description.
   *
   * @param manifest the description
   * @param file where to
   */
  void write(GeneratorManifest manifest, Path file);

  /**
   * The format on the class path.
   *
   * @return the first that is found
   * @throws DragAndDropException if there is none
   */
  static GeneratorFormat get() {
    return Services.all(GeneratorFormat.class).stream()
        .findFirst()
        .orElseThrow(
            () ->
                new DragAndDropException(
                    "generator directories cannot be read or written"
                        + Services.hint(GeneratorFormat.class)));
  }
}
