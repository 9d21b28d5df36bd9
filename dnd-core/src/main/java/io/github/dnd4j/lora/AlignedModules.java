package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The modules of several adapters side by side; their order within an adapter means nothing. */
final class AlignedModules {

  private final List<LoraAdapter> adapters;
  private final List<String> names;
  private final List<Map<String, LoraModule>> byPath = new ArrayList<>();

  /**
   * Aligns adapters.
   *
   * @param adapters the adapters
   * @param names what messages call each
   * @throws InvalidInputException if there are none, one is null, or one has modules that another
   *     does not have
   * @throws ShapeMismatchException if a module has another in or out in another adapter
   */
  AlignedModules(List<LoraAdapter> adapters, List<String> names) {
    this.adapters = adapters;
    this.names = names;
    for (int i = 0; i < adapters.size(); i++) {
      Map<String, LoraModule> modules = new LinkedHashMap<>();
      Checks.notNull(adapters.get(i), names.get(i))
          .modules()
          .forEach(module -> modules.put(module.path(), module));
      byPath.add(modules);
    }
    for (int i = 1; i < adapters.size(); i++) {
      check(0, i);
      check(i, 0);
    }
  }

  /** With names by their position, from 1. */
  static AlignedModules of(List<LoraAdapter> adapters) {
    if (Checks.notNull(adapters, "adapters").isEmpty()) {
      throw new InvalidInputException("no adapters: at least one is needed");
    }
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= adapters.size(); i++) {
      names.add("adapter " + i + " of " + adapters.size());
    }
    return new AlignedModules(adapters, names);
  }

  private void check(int one, int other) {
    for (LoraModule module : byPath.get(one).values()) {
      LoraModule match = byPath.get(other).get(module.path());
      if (match == null) {
        throw new InvalidInputException(
            names.get(other)
                + " has no module "
                + module.path()
                + ", which "
                + names.get(one)
                + " changes: only adapters of the same modules can be combined or compared");
      }
      if (match.in() != module.in() || match.out() != module.out()) {
        throw new ShapeMismatchException(
            mismatch(one, other, module.path())
                + ": "
                + module.in()
                + " -> "
                + module.out()
                + " and "
                + match.in()
                + " -> "
                + match.out()
                + ". Are they for the same model?");
      }
    }
  }

  /** Only matrices of the same shape and the same scale can be averaged one by one. */
  void checkSameFactors() {
    LoraAdapter first = adapters.get(0);
    for (int i = 1; i < adapters.size(); i++) {
      LoraConfig config = adapters.get(i).config();
      for (LoraModule module : first.modules()) {
        LoraModule match = byPath.get(i).get(module.path());
        if (match.rank() != module.rank()
            || config.scaleOf(match) != first.config().scaleOf(module)) {
          throw new InvalidInputException(
              mismatch(0, i, module.path())
                  + ": rank "
                  + module.rank()
                  + " and scale "
                  + first.config().scaleOf(module)
                  + ", rank "
                  + match.rank()
                  + " and scale "
                  + config.scaleOf(match)
                  + ". Only adapters of equal ranks and alphas have a mean of their matrices; use"
                  + " LoraAlgebra.mean");
        }
      }
    }
  }

  private String mismatch(int one, int other, String path) {
    return "the module " + path + " differs between " + names.get(one) + " and " + names.get(other);
  }

  /** The module paths, in the order of the first adapter. */
  List<String> paths() {
    return List.copyOf(byPath.get(0).keySet());
  }

  /** One adapter's change of a module, multiplied by a factor. */
  LoraFactors factors(int adapter, String path, double factor) {
    return LoraFactors.of(adapters.get(adapter), byPath.get(adapter).get(path), factor);
  }
}
