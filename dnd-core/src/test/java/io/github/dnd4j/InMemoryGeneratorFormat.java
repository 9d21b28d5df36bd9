package io.github.dnd4j;

import io.github.dnd4j.spi.GeneratorFormat;
import io.github.dnd4j.spi.GeneratorManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A generator format for tests: the file holds a key, and the manifest itself stays in memory.
 * Public, since a ServiceLoader makes it.
 */
public final class InMemoryGeneratorFormat implements GeneratorFormat {

  private static final Map<String, GeneratorManifest> MANIFESTS = new ConcurrentHashMap<>();

  @Override
  public GeneratorManifest read(Path file) {
    try {
      return MANIFESTS.get(Files.readString(file));
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + file + ": check that it is there", e);
    }
  }

  @Override
  public void write(GeneratorManifest manifest, Path file) {
    String key = UUID.randomUUID().toString();
    MANIFESTS.put(key, manifest);
    try {
      Files.writeString(file, key);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
