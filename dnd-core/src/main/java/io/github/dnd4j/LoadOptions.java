package io.github.dnd4j;

import io.github.dnd4j.internal.Checks;

/**
 * How a generator directory is opened.
 *
 * @param compact whether the decoder is opened for generating only, with 16 bits of each weight in
 *     memory, half of what it takes else. The adapters are the same bit for bit. Only for a
 *     directory that was saved in 16 bits ({@link DragAndDrop#save(java.nio.file.Path,
 *     io.github.dnd4j.lora.WeightPrecision)}): a decoder whose weights are rounded is another one
 * @param listener hears how generations go
 */
public record LoadOptions(boolean compact, GenerationListener listener) {

  /**
   * Checks the values.
   *
   * @param compact whether the decoder keeps 16 bits of each weight in memory
   * @param listener hears how generations go
   */
  public LoadOptions {
    Checks.notNull(listener, "listener");
  }

  /**
   * The options of {@link DragAndDrop#load(java.nio.file.Path)}: not compact, and nobody hears.
   *
   * @return the options
   */
  public static LoadOptions defaults() {
    return new LoadOptions(false, GenerationListener.NONE);
  }

  /**
   * The same options with the decoder compact or not.
   *
   * @param newCompact whether the decoder keeps 16 bits of each weight in memory
   * @return a copy
   */
  public LoadOptions withCompact(boolean newCompact) {
    return new LoadOptions(newCompact, listener);
  }

  /**
   * The same options with another listener.
   *
   * @param newListener hears how generations go
   * @return a copy
   */
  public LoadOptions withListener(GenerationListener newListener) {
    return new LoadOptions(compact, newListener);
  }
}
