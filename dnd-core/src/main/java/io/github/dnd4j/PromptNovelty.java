package io.github.dnd4j;

import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.lora.LoraAdapter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How unlike the prompts of a generation are to those that its generator was trained on; see {@link
 * TrainingPrompts}. It travels in the {@link LoraAdapter#metadata() metadata} of the adapter.
 *
 * <pre>{@code
 * LoraAdapter adapter = LoraAdapter.load(Path.of("my-adapter"));
 * PromptNovelty.of(adapter)
 *     .filter(PromptNovelty::isNovel)
 *     .ifPresent(novelty -> log.warn("nearest is {}: compare with no adapter", novelty.nearest()));
 * }</pre>
 *
 * @param score 0 for prompts as near to a training set as its own are, 1 for prompts as far from
 *     all training sets as these are from each other on average; never negative, to four decimals
 * @param nearest the name of the training set whose prompts are nearest
 * @param threshold the score above which prompts count as novel
 */
public record PromptNovelty(double score, String nearest, double threshold) {

  private static final String SCORE = "dnd4j.novelty";
  private static final String THRESHOLD = "dnd4j.novelty_threshold";
  private static final String NEAREST = "dnd4j.nearest_training_set";

  /**
   * Checks the values, and rounds the score, so that it is the same when it is read again.
   *
   * @param score how unlike, not negative
   * @param nearest the name of the nearest training set
   * @param threshold the score above which prompts count as novel
   */
  public PromptNovelty {
    if (!(score >= 0 && Double.isFinite(score))) {
      throw new InvalidInputException("a novelty must be finite and not negative, but is " + score);
    }
    checkThreshold(threshold);
    Checks.notBlank(nearest, "nearest");
    score = Math.round(score * 1e4) / 1e4;
  }

  static void checkThreshold(double threshold) {
    if (!(threshold > 0 && Double.isFinite(threshold))) {
      throw new InvalidInputException(
          "a threshold of novelty must be finite and above 0, but is " + threshold);
    }
  }

  /**
   * Whether these prompts are so unlike those of the training that the adapter may do harm.
   *
   * @return whether the score is above the threshold
   */
  public boolean isNovel() {
    return score > threshold;
  }

  /**
   * By how much to scale the change that the adapter makes down, so that it is the smaller the less
   * the generator knows. Familiar prompts may make it larger as well, which depends on the adapter:
   * see {@link TrainingPrompts#strength}.
   *
   * @return 1 up to the threshold, and threshold / score above it
   */
  public double strength() {
    return isNovel() ? threshold / score : 1;
  }

  /**
   * What an adapter says of the prompts that it was generated from.
   *
   * @param adapter a generated adapter, or one that was saved and loaded again
   * @return the novelty; empty if it is not the adapter of a generator that remembers its training
   *     prompts
   * @throws FileFormatException if the adapter's metadata are broken
   */
  public static Optional<PromptNovelty> of(LoraAdapter adapter) {
    Map<String, String> metadata = Checks.notNull(adapter, "adapter").metadata();
    if (!metadata.containsKey(SCORE)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new PromptNovelty(
              Double.parseDouble(metadata.get(SCORE)),
              metadata.get(NEAREST),
              Double.parseDouble(metadata.getOrDefault(THRESHOLD, ""))));
    } catch (NumberFormatException | InvalidInputException e) {
      throw new FileFormatException(
          "the adapter's metadata are broken: "
              + String.join(", ", List.of(SCORE, THRESHOLD, NEAREST))
              + " are "
              + metadata.get(SCORE)
              + ", "
              + metadata.get(THRESHOLD)
              + ", "
              + metadata.get(NEAREST)
              + " ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** As metadata entries of an adapter. */
  Map<String, String> toMetadata() {
    return Map.of(
        SCORE,
        String.format(Locale.ROOT, "%.4f", score),
        THRESHOLD,
        Double.toString(threshold),
        NEAREST,
        nearest);
  }
}
