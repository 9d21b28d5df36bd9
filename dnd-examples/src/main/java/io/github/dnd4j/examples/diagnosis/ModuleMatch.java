package io.github.dnd4j.examples.diagnosis;

import static io.github.dnd4j.examples.diagnosis.TextTable.count;
import static io.github.dnd4j.examples.diagnosis.TextTable.names;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which modules two adapters have in common; ranks may differ.
 *
 * @param common the paths of those of the same shape
 * @param onlyFirst the paths that the second does not have
 * @param onlySecond the paths that the first does not have
 * @param otherShape the paths of those whose shapes differ
 */
record ModuleMatch(
    List<String> common, List<String> onlyFirst, List<String> onlySecond, List<String> otherShape) {

  static ModuleMatch of(LoraAdapter first, LoraAdapter second) {
    Map<String, LoraModule> ofSecond = new HashMap<>();
    Set<String> rest = new LinkedHashSet<>();
    for (LoraModule module : second.modules()) {
      ofSecond.put(module.path(), module);
      rest.add(module.path());
    }
    List<String> common = new ArrayList<>();
    List<String> onlyFirst = new ArrayList<>();
    List<String> otherShape = new ArrayList<>();
    for (LoraModule module : first.modules()) {
      LoraModule match = ofSecond.get(module.path());
      rest.remove(module.path());
      if (match == null) {
        onlyFirst.add(module.path());
      } else if (match.in() != module.in() || match.out() != module.out()) {
        otherShape.add(module.path());
      } else {
        common.add(module.path());
      }
    }
    return new ModuleMatch(common, onlyFirst, List.copyOf(rest), otherShape);
  }

  boolean isComplete() {
    return onlyFirst.isEmpty() && onlySecond.isEmpty() && otherShape.isEmpty();
  }

  /** What is not in common, in words. */
  String differences(String first, String second) {
    List<String> parts = new ArrayList<>();
    add(parts, onlyFirst, "only in " + first);
    add(parts, onlySecond, "only in " + second);
    add(parts, otherShape, "of another shape");
    return String.join("; ", parts);
  }

  private static void add(List<String> parts, List<String> paths, String how) {
    if (!paths.isEmpty()) {
      parts.add(count(paths.size(), "module") + " " + how + " (" + names(paths) + ")");
    }
  }
}
