package io.github.dnd4j.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of this library, as the build wrote it down. */
public final class LibraryVersion {

  /** The version, for example {@code 0.1.0}. */
  public static final String VERSION = read();

  private LibraryVersion() {}

  private static String read() {
    Properties properties = new Properties();
    try (InputStream in = LibraryVersion.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("version.properties of dnd-core cannot be read", e);
    }
    return properties.getProperty("version");
  }
}
