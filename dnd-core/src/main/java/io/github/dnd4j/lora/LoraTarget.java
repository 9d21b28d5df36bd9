package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The model that adapters are generated for: which of its modules they change, with which shapes,
 * rank and alpha, and how their matrices are cut into weight tokens. {@link LoraTargets} has the
 * well-known ones; {@link #of(LoraAdapter)} derives one from any existing adapter.
 *
 * @param name a short name, for example {@code qwen2.5-0.5b}
 * @param config the configuration of its adapters
 * @param tileWidth the width W of the tiles that matrices are cut into; divides every {@code in}
 *     and {@code out}
 * @param modules the modules in token order
 */
public record LoraTarget(String name, LoraConfig config, int tileWidth, List<LoraModule> modules) {

  /** The widest tile that is chosen when none is asked for. */
  static final int WIDEST_TILE = 512;

  /**
   * Checks and copies the values.
   *
   * @param name a short name
   * @param config the configuration of its adapters
   * @param tileWidth the tile width, an even number that divides every module's in and out
   * @param modules the modules in token order, at least one, each path once, with the ranks that
   *     the configuration gives them
   */
  public LoraTarget {
    Checks.notBlank(name, "name");
    Checks.notNull(config, "config");
    Checks.positive(tileWidth, "tileWidth");
    modules = List.copyOf(Checks.notNull(modules, "modules"));
    if (modules.isEmpty()) {
      throw new InvalidInputException("target " + name + " has no modules");
    }
    if (tileWidth % 2 != 0) {
      // Mean and standard deviation alternate along a token's last rows, so their columns pair up.
      throw new InvalidInputException(
          "target " + name + ": the tile width must be even, but is " + tileWidth);
    }
    Set<String> paths = new HashSet<>();
    for (LoraModule module : modules) {
      if (module.in() % tileWidth != 0 || module.out() % tileWidth != 0) {
        throw new InvalidInputException(
            "target "
                + name
                + ": module "
                + module.path()
                + " is "
                + module.in()
                + " -> "
                + module.out()
                + ", and both must be multiples of the tile width "
                + tileWidth);
      }
      if (!paths.add(module.path())) {
        throw new InvalidInputException("target " + name + " lists " + module.path() + " twice");
      }
      if (module.rank() != config.rankOf(module.path())) {
        throw new InvalidInputException(
            "target "
                + name
                + ": module "
                + module.path()
                + " has the rank "
                + module.rank()
                + ", but the configuration of its adapters says "
                + config.rankOf(module.path()));
      }
    }
    checkTokenCount(name, tileWidth, modules);
  }

  private static void checkTokenCount(String name, int tileWidth, List<LoraModule> modules) {
    long count = modules.stream().mapToLong(module -> tokensOf(module, tileWidth)).sum();
    if (count > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "target " + name + " has " + count + " weight tokens: take a larger tile width");
    }
  }

  /**
   * The target that an existing adapter was made for, with the widest even tile of at most 512 that
   * divides all its shapes. Modules are put in canonical order (layer by layer; within a layer q,
   * k, v, o, up, gate, down, or BERT's query, key, value, attention output, intermediate, output;
   * others by name), whatever their order in the file.
   *
   * @param adapter any LoRA adapter
   * @return its target
   * @throws InvalidInputException if no even tile width divides all shapes
   */
  public static LoraTarget of(LoraAdapter adapter) {
    int divisor = 0;
    for (LoraModule module : Checks.notNull(adapter, "adapter").modules()) {
      divisor = gcd(gcd(divisor, module.in()), module.out());
    }
    return of(adapter, widestTile(divisor));
  }

  /**
   * The target that an existing adapter was made for, with a chosen tile width.
   *
   * @param adapter any LoRA adapter
   * @param tileWidth the tile width
   * @return its target, its modules in canonical order
   * @throws InvalidInputException if the tile width does not divide all shapes
   */
  public static LoraTarget of(LoraAdapter adapter, int tileWidth) {
    List<LoraModule> sorted = new ArrayList<>(Checks.notNull(adapter, "adapter").modules());
    sorted.sort(ModuleOrder.CANONICAL);
    String base = adapter.config().baseModel();
    return new LoraTarget(base.isBlank() ? "adapter" : base, adapter.config(), tileWidth, sorted);
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  private static int widestTile(int divisor) {
    for (int width = Math.min(divisor, WIDEST_TILE); width >= 2; width--) {
      if (divisor % width == 0 && width % 2 == 0) {
        return width;
      }
    }
    throw new InvalidInputException(
        "the adapter's module sizes have the greatest common divisor "
            + divisor
            + ": no even tile width divides them all, so it cannot be cut into weight tokens");
  }

  /**
   * The same target for another model of the same architecture, for example a fine-tuned one.
   *
   * @param baseModel the model that its adapters name
   * @return a copy with that base model
   */
  public LoraTarget withBaseModel(String baseModel) {
    LoraConfig c = config;
    return new LoraTarget(
        name,
        new LoraConfig(
            c.rank(),
            c.alpha(),
            c.rankStabilized(),
            c.dropout(),
            baseModel,
            c.taskType(),
            c.rankPattern(),
            c.alphaPattern()),
        tileWidth,
        modules);
  }

  /**
   * How many weight tokens an adapter of this target has.
   *
   * @return T, the number of tiles of all matrices
   */
  public int tokenCount() {
    return Math.toIntExact(modules.stream().mapToLong(m -> tokensOf(m, tileWidth)).sum());
  }

  /**
   * The height of a token's grid.
   *
   * @return the largest rank + 2
   */
  public int tokenHeight() {
    return modules.stream().mapToInt(LoraModule::rank).max().orElseThrow() + 2;
  }

  /**
   * The width of a token's grid.
   *
   * @return tile width + 2
   */
  public int tokenWidth() {
    return tileWidth + 2;
  }

  /**
   * How many numbers an adapter of this target holds.
   *
   * @return the sum over its modules of {@code rank * (in + out)}
   */
  public long parameterCount() {
    return modules.stream().mapToLong(LoraModule::parameterCount).sum();
  }

  private static long tokensOf(LoraModule module, int tileWidth) {
    return (long) module.in() / tileWidth + module.out() / tileWidth;
  }

  @Override
  public String toString() {
    return name
        + " ("
        + modules.size()
        + " modules, "
        + tokenCount()
        + " tokens of "
        + tokenHeight()
        + " x "
        + tokenWidth()
        + ")";
  }
}
