package io.github.dnd4j;

import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where a generated adapter comes from. It travels in the adapter's {@link
 * io.github.dnd4j.lora.LoraAdapter#metadata() metadata}. It holds no time of day, since the same
 * prompts, seed and generator are to give the same bytes.
 *
 * @param libraryVersion the DnD4J version
 * @param generatorId the generator's name
 * @param generatorFingerprint SHA-256 over the decoder's weights and all that the generator's
 *     results depend on
 * @param generatorCreated when the generator was saved, ISO 8601 in UTC; empty for one that was
 *     never
 * @param seed the seed of the drawing of prompts
 * @param promptCount how many prompts were given
 * @param promptsFingerprint SHA-256 over the given prompts
 * @param novelty how unlike the prompts are to those of the generator's training, if it remembers
 *     these; {@link PromptNovelty#of} reads it back
 * @param strength by how much the adapter was scaled, if that was asked for
 */
public record Provenance(
    String libraryVersion,
    String generatorId,
    String generatorFingerprint,
    String generatorCreated,
    long seed,
    int promptCount,
    String promptsFingerprint,
    Optional<PromptNovelty> novelty,
    Optional<Double> strength) {

  private static final String PREFIX = "dnd4j.";
  private static final String STRENGTH = PREFIX + "strength";

  /**
   * By how much an adapter was scaled when it was generated.
   *
   * @param adapter a generated adapter, or one that was saved and loaded again
   * @return the factor; empty if {@link GenerationOptions#scaledByNovelty()} was not asked for
   * @throws FileFormatException if the adapter's metadata are broken
   */
  public static Optional<Double> strengthOf(LoraAdapter adapter) {
    String text = Checks.notNull(adapter, "adapter").metadata().get(STRENGTH);
    try {
      return Optional.ofNullable(text).map(Double::valueOf);
    } catch (NumberFormatException e) {
      throw new FileFormatException(
          "the adapter's metadata are broken: " + STRENGTH + " is " + text, e);
    }
  }

  /**
   * As metadata entries.
   *
   * @return text by key; every key starts with {@code dnd4j.}
   */
  public Map<String, String> toMetadata() {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put(PREFIX + "version", libraryVersion);
    metadata.put(PREFIX + "generator", generatorId);
    metadata.put(PREFIX + "generator_sha256", generatorFingerprint);
    if (!generatorCreated.isEmpty()) {
      metadata.put(PREFIX + "generator_created", generatorCreated);
    }
    metadata.put(PREFIX + "seed", Long.toString(seed));
    metadata.put(PREFIX + "prompts", Integer.toString(promptCount));
    metadata.put(PREFIX + "prompts_sha256", promptsFingerprint);
    novelty.ifPresent(value -> metadata.putAll(value.toMetadata()));
    strength.ifPresent(value -> metadata.put(STRENGTH, Double.toString(value)));
    return metadata;
  }
}
