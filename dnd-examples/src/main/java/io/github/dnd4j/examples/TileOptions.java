package io.github.dnd4j.examples;

import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTarget;
import picocli.CommandLine.Option;

/** How an adapter's matrices are cut into weight tokens, where no named target says so. */
final class TileOptions {

  @Option(
      names = "--tile-width",
      paramLabel = "W",
      description = "The tiles' width (default: the widest that fits the adapter).")
  private Integer tileWidth;

  /** Created by picocli. */
  TileOptions() {}

  LoraTarget targetOf(LoraAdapter adapter) {
    return tileWidth == null ? LoraTarget.of(adapter) : LoraTarget.of(adapter, tileWidth);
  }
}
