package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Adapters that are open together and can be compared: of the same modules, without NaN. */
final class AdapterSet implements AutoCloseable {

  private final List<LoraAdapter> opened = new ArrayList<>();
  private LoraAdapter like;

  /** What the first one is like does not matter. */
  AdapterSet() {}

  /** All are to have the modules of this one, which stays its owner's. */
  AdapterSet(LoraAdapter like) {
    this.like = like;
  }

  /**
   * Opens one more.
   *
   * @return its norm
   * @throws io.github.dnd4j.DragAndDropException if it cannot be read or compared; the message
   *     names it
   */
  double open(Path path) {
    LoraAdapter adapter = LoraAdapter.load(path);
    opened.add(adapter);
    try {
      checkModules(path, adapter);
      like = like == null ? adapter : like;
      return LoraGeometry.norm(adapter);
    } catch (InvalidInputException e) {
      drop();
      throw new InvalidInputException(path + ": " + e.getMessage(), e);
    }
  }

  private void checkModules(Path path, LoraAdapter adapter) {
    ModuleMatch match = ModuleMatch.of(like == null ? adapter : like, adapter);
    if (!match.isComplete()) {
      throw new InvalidInputException(
          "it has other modules: " + match.differences("the others", String.valueOf(path)));
    }
  }

  /** Closes the one that was opened last. */
  void drop() {
    opened.remove(opened.size() - 1).close();
  }

  List<LoraAdapter> adapters() {
    return Collections.unmodifiableList(opened);
  }

  @Override
  public void close() {
    opened.forEach(LoraAdapter::close);
  }
}
