package io.github.dnd4j.examples.bench;

import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.decoder.FeatureShape;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.spi.TokenShape;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder that is measured, and the model that its adapters are for.
 *
 * @param name for people: a preset's name, or the feature maps
 * @param config the decoder's structure
 * @param target the model
 */
public record BenchStructure(String name, HyperConvConfig config, LoraTarget target) {

  /**
   * Checks that the decoder makes adapters for the model, before anything is measured.
   *
   * @param name for people
   * @param config the decoder's structure
   * @param target the model
   * @throws ShapeMismatchException if it does not
   */
  public BenchStructure {
    TokenShape made = config.tokenShape();
    TokenShape needed =
        new TokenShape(target.tokenCount(), target.tokenHeight(), target.tokenWidth());
    if (!made.equals(needed)) {
      throw new ShapeMismatchException(
          "the decoder "
              + name
              + " gives weight tokens "
              + made
              + ", but target "
              + target.name()
              + " needs "
              + needed
              + ": use the target that the decoder is for");
    }
  }

  /** The names of the decoder's stages, a squeeze in front included. */
  List<String> stages() {
    List<String> stages = new ArrayList<>();
    config.squeeze().ifPresent(squeeze -> stages.add("squeeze from " + squeeze.length()));
    List<FeatureShape> features = config.features();
    for (int i = 1; i < features.size(); i++) {
      stages.add("stage " + (i - 1) + " to " + features.get(i));
    }
    return stages;
  }

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
