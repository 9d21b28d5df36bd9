package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.lora.LoraTarget;

/**
 * A decoder that is measured, and the model that its adapters are for.
 *
 * @param name for people: a preset's name, or the feature maps
 * @param config the decoder's structure
 * @param target the model
 */
public record BenchStructure(String name, HyperConvConfig config, LoraTarget target) {

  /**
   * A preset as it is.
   *
   * @param id the preset's name
   * @return its structure
   * @throws io.github.dnd4j.InvalidInputException if there is none of that name
   */
  public static BenchStructure ofPreset(String id) {
    HyperConvPreset preset = HyperConvPreset.byId(id);
    return new BenchStructure(id, preset.config(), preset.target());
  }
}
