package io.github.dnd4j.examples;

import java.util.List;

/**
 * The generator that comes with this module, for adapters of all-MiniLM-L6-v2: a generator
 * directory as resources of the class path. Its model card lies beside it.
 */
final class ShippedGenerator {

  /** Where it is on the class path. */
  static final String RESOURCES = "io/github/dnd4j/examples/generator";

  private static final List<String> FILES = List.of("generator.json", "decoder.safetensors");

  private static final String REMEDY =
      "this build comes without a generator. Train one (dnd train) and name it with --generator";

  private ShippedGenerator() {}

  /**
   * Unpacks it, so that {@link io.github.dnd4j.DragAndDrop#load(java.nio.file.Path)} can open and
   * check it. A generator that is open does not need the files any more.
   *
   * @throws io.github.dnd4j.FileAccessException if this build has none, or it cannot be unpacked
   */
  static ResourceFiles unpack() {
    return unpack(ShippedGenerator.class.getClassLoader());
  }

  static ResourceFiles unpack(ClassLoader loader) {
    return ResourceFiles.unpack(loader, RESOURCES, FILES, REMEDY);
  }
}
