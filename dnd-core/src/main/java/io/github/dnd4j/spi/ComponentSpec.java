package io.github.dnd4j.spi;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a saved generator names one of its parts, so that the part can be opened again.
 *
 * @param type which implementation opens it, for example {@code hyper-conv}
 * @param properties what that implementation needs to know
 */
public record ComponentSpec(String type, Map<String, String> properties) {

  /**
   * Checks and copies the values.
   *
   * @param type which implementation opens it
   * @param properties what that implementation needs to know
   */
  public ComponentSpec {
    Checks.notBlank(type, "type");
    properties =
        java.util.Collections.unmodifiableMap(
            new TreeMap<>(Checks.notNull(properties, "properties")));
  }

  /**
   * A property that must be there.
   *
   * @param name its name
   * @return its value
   * @throws FileFormatException if it is missing
   */
  public String require(String name) {
    String value = properties.get(name);
    if (value == null) {
      throw new FileFormatException("a " + type + " needs the property '" + name + "'");
    }
    return value;
  }
}
