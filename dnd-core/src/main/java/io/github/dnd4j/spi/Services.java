package io.github.dnd4j.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** How implementations on the class path are found. */
final class Services {

  private Services() {}

  /**
   * Looks with DnD4J's own class loader first and with the thread's context loader if that finds
   * nothing, so that it works in application servers and plain programs alike.
   */
  static <T> List<T> all(Class<T> service) {
    List<T> found = new ArrayList<>();
    ServiceLoader.load(service, Services.class.getClassLoader()).forEach(found::add);
    if (found.isEmpty()) {
      ServiceLoader.load(service).forEach(found::add);
    }
    return found;
  }

  static String hint(Class<?> service) {
    return all(service).isEmpty()
        ? ". No "
            + service.getSimpleName()
            + " is on the class path at all: add the dependency io.github.dnd4j:dnd-lora-io"
        : "";
  }
}
