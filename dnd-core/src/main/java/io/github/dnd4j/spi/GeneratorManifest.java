package io.github.dnd4j.spi;

import io.github.dnd4j.TrainingPrompts;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a generator directory says of its generator, beside the decoder's weights.
 *
 * @param id the generator's name, for people
 * @param libraryVersion the DnD4J version that wrote it
 * @param created when it was written, ISO 8601 in UTC
 * @param encoder its encoder
 * @param decoder its decoder's structure
 * @param decoderFingerprint {@link WeightDecoder#fingerprint()} of the weights
 * @param target the model that its adapters are for
 * @param scaleEncoding how its weight tokens carry the scale of the weights
 * @param provenance how it came about, for example training data and settings
 * @param trainingPrompts what it remembers of the prompts that it was trained on, if anything
 */
public record GeneratorManifest(
    String id,
    String libraryVersion,
    String created,
    ComponentSpec encoder,
    ComponentSpec decoder,
    String decoderFingerprint,
    LoraTarget target,
    ScaleEncoding scaleEncoding,
    Map<String, String> provenance,
    Optional<TrainingPrompts> trainingPrompts) {

  /**
   * Checks and copies the values.
   *
   * @param id the generator's name, for people
   * @param libraryVersion the DnD4J version that wrote it
   * @param created when it was written, ISO 8601 in UTC
   * @param encoder its encoder
   * @param decoder its decoder's structure
   * @param decoderFingerprint the fingerprint of the weights
   * @param target the model that its adapters are for
   * @param scaleEncoding how its weight tokens carry the scale of the weights
   * @param provenance how it came about
   * @param trainingPrompts what it remembers of the prompts that it was trained on, if anything
   */
  public GeneratorManifest {
    Checks.notBlank(id, "id");
    Checks.notNull(libraryVersion, "libraryVersion");
    Checks.notNull(created, "created");
    Checks.notNull(encoder, "encoder");
    Checks.notNull(decoder, "decoder");
    Checks.notNull(decoderFingerprint, "decoderFingerprint");
    Checks.notNull(target, "target");
    Checks.notNull(scaleEncoding, "scaleEncoding");
    provenance =
        Collections.unmodifiableMap(new TreeMap<>(Checks.notNull(provenance, "provenance")));
    Checks.notNull(trainingPrompts, "trainingPrompts");
  }
}
