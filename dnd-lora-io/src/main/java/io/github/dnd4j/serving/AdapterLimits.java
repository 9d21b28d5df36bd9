package io.github.dnd4j.serving;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraModule;

/** What a server can serve. */
final class AdapterLimits {

  private static final int UNKNOWN = Integer.MAX_VALUE;

  /** Scales that are equal but for rounding. */
  private static final double TOLERANCE = 1e-9;

  private final String product;

  /** Whether it knows rank-stabilized scales. */
  private final boolean rankStabilized;

  private final int maxRank;

  private AdapterLimits(String product, boolean rankStabilized, int maxRank) {
    this.product = product;
    this.rankStabilized = rankStabilized;
    this.maxRank = maxRank;
  }

  static AdapterLimits unknown(String product, boolean rankStabilized) {
    return new AdapterLimits(product, rankStabilized, UNKNOWN);
  }

  AdapterLimits withMaxRank(int rank) {
    return new AdapterLimits(product, rankStabilized, Checks.positive(rank, "the largest rank"));
  }

  void check(LoraAdapter adapter) {
    Checks.notNull(adapter, "adapter");
    double scale = scale(adapter);
    for (LoraModule module : adapter.modules()) {
      checkRank(module);
      double wanted = adapter.config().scaleOf(module);
      if (Math.abs(wanted - scale) > TOLERANCE * Math.abs(wanted)) {
        throw new InvalidInputException(
            module.path()
                + " has the scale "
                + (float) wanted
                + ", but "
                + product
                + " would use "
                + (float) scale
                + ", which it takes from r and lora_alpha alone"
                + (rankStabilized ? "" : " without regard to use_rslora")
                + ". LoraAlgebra.reduceRank by the adapter's own largest rank gives it the scale 1"
                + " in every module, with the same effect");
      }
    }
  }

  private void checkRank(LoraModule module) {
    if (module.rank() > maxRank) {
      throw new InvalidInputException(
          module.path()
              + " has rank "
              + module.rank()
              + ", but "
              + product
              + " takes at most "
              + maxRank
              + ". Start it with --max-lora-rank "
              + module.rank()
              + " or more, or reduce the adapter's rank by LoraAlgebra.reduceRank");
    }
  }

  /** The one scale that the server uses. */
  private double scale(LoraAdapter adapter) {
    double r = adapter.config().rank();
    boolean root = rankStabilized && adapter.config().rankStabilized();
    return adapter.config().alpha() / (root ? Math.sqrt(r) : r);
  }
}
