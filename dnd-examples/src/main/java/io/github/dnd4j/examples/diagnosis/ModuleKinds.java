package io.github.dnd4j.examples.diagnosis;

import io.github.dnd4j.lora.LoraModule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Modules by their place within a layer, under names that are as short as they can be. */
final class ModuleKinds {

  private ModuleKinds() {}

  /** Groups in the order of their first members. */
  static <T> Map<String, List<T>> group(List<T> members, Function<T, LoraModule> moduleOf) {
    Map<String, List<T>> byKind = new LinkedHashMap<>();
    for (T member : members) {
      byKind
          .computeIfAbsent(moduleOf.apply(member).kind(), unused -> new ArrayList<>())
          .add(member);
    }
    Map<String, Long> uses =
        byKind.keySet().stream()
            .collect(Collectors.groupingBy(ModuleKinds::shortName, Collectors.counting()));
    Map<String, List<T>> named = new LinkedHashMap<>();
    byKind.forEach(
        (kind, group) -> named.put(uses.get(shortName(kind)) == 1 ? shortName(kind) : kind, group));
    return named;
  }

  /** What follows the last number. */
  private static String shortName(String kind) {
    int star = kind.lastIndexOf(".*.");
    return star < 0 ? kind : kind.substring(star + ".*.".length());
  }
}
