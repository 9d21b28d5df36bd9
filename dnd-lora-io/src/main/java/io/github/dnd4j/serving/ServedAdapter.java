package io.github.dnd4j.serving;

import io.github.dnd4j.internal.Checks;

/**
 * An adapter that a server has loaded.
 *
 * @param name the name by which requests ask for it
 * @param path where the server found it, empty if it does not say
 * @param baseModel the server's name of the model that it belongs to
 */
public record ServedAdapter(String name, String path, String baseModel) {

  /**
   * Checks the values.
   *
   * @param name the name by which requests ask for it
   * @param path where the server found it
   * @param baseModel the server's name of the model that it belongs to
   */
  public ServedAdapter {
    Checks.notBlank(name, "name");
    Checks.notNull(path, "path");
    Checks.notNull(baseModel, "baseModel");
  }
}
