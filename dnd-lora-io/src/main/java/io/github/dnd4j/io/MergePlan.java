package io.github.dnd4j.io;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.lora.LoraModule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which tensors of a base model an adapter changes, all of it checked before anything is written.
 */
final class MergePlan {

  private static final String WEIGHT = ".weight";

  /** What loaders and wrappers put before the name that a module has in the model itself. */
  private static final Pattern PREFIXES =
      Pattern.compile("^(?:base_model\\.model\\.|model\\.|bert\\.)+");

  private static final Set<TensorType> TYPES =
      Set.of(TensorType.F32, TensorType.F16, TensorType.BF16);

  private record Place(SafetensorsFile file, TensorInfo info) {}

  private final MergeAdapter adapter;
  private final double scale;
  private final List<SafetensorsFile> files;
  private final Map<String, Place> byName = new LinkedHashMap<>();
  private final Map<String, List<String>> byStem = new HashMap<>();
  private final Map<String, LoraModule> modules = new HashMap<>();

  private MergePlan(MergeAdapter adapter, double scale, List<SafetensorsFile> files) {
    this.adapter = adapter;
    this.scale = scale;
    this.files = files;
  }

  static MergePlan of(MergeAdapter adapter, double scale, List<SafetensorsFile> files) {
    MergePlan plan = new MergePlan(adapter, scale, files);
    for (SafetensorsFile file : files) {
      file.tensors().values().forEach(info -> plan.register(file, info));
    }
    adapter.modules().forEach(plan::place);
    return plan;
  }

  private void register(SafetensorsFile file, TensorInfo info) {
    byName.put(info.name(), new Place(file, info));
    byStem.computeIfAbsent(stem(info.name()), stem -> new ArrayList<>()).add(info.name());
  }

  private static String stem(String name) {
    return PREFIXES.matcher(name).replaceFirst("");
  }

  private void place(LoraModule module) {
    String name = find(module);
    check(module, byName.get(name));
    LoraModule before = modules.putIfAbsent(name, module);
    if (before != null) {
      throw new InvalidInputException(
          "the adapter's modules "
              + before.path()
              + " and "
              + module.path()
              + " would both change the base's tensor '"
              + name
              + "'");
    }
  }

  private String find(LoraModule module) {
    String exact = module.path() + WEIGHT;
    if (byName.containsKey(exact)) {
      return exact;
    }
    List<String> found = byStem.getOrDefault(stem(exact), List.of());
    if (found.size() == 1) {
      return found.get(0);
    }
    throw new InvalidInputException(
        "the adapter changes the module "
            + module.path()
            + ", but "
            + where()
            + (found.isEmpty()
                ? " has no tensor '" + exact + "', with or without a prefix"
                : " has no tensor '" + exact + "' and several that differ in a prefix: " + found)
            + ". Is the adapter for another model?");
  }

  private String where() {
    Path first = files.get(0).path();
    return files.size() == 1 ? first.toString() : "the model of " + first;
  }

  private static void check(LoraModule module, Place place) {
    TensorInfo info = place.info();
    String tensor = place.file().path() + ": tensor '" + info.name() + "'";
    if (!info.shape().equals(List.of((long) module.out(), (long) module.in()))) {
      throw new ShapeMismatchException(
          tensor
              + " has the shape "
              + info.shape()
              + ", but the adapter's module "
              + module.path()
              + " needs ["
              + module.out()
              + ", "
              + module.in()
              + "]. Is the adapter for another model?");
    }
    if (!TYPES.contains(info.type())) {
      throw new InvalidInputException(
          tensor
              + " is of type "
              + info.type()
              + ", but only F32, F16 and BF16 weights can be merged into: take the base model that"
              + " is not quantized");
    }
  }

  List<SafetensorsFile> files() {
    return files;
  }

  /** The tensors that change, in the order in which a file holds them. */
  List<TensorInfo> changed(SafetensorsFile file) {
    return file.tensors().values().stream()
        .filter(info -> modules.containsKey(info.name()))
        .sorted(Comparator.comparingLong(info -> file.position(info.name())))
        .toList();
  }

  /** How one of them changes. */
  WeightChange change(TensorInfo info) {
    LoraModule module = modules.get(info.name());
    return new WeightChange(
        info,
        module,
        adapter.a(module),
        adapter.b(module),
        scale * adapter.config().scaleOf(module));
  }

  MergeSummary summary(List<Path> leftOut) {
    long bytes = files.stream().mapToLong(SafetensorsFile::size).sum();
    return new MergeSummary(modules.size(), byName.size() - modules.size(), bytes, leftOut);
  }
}
