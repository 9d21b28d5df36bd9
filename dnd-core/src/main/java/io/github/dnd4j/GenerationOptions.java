package io.github.dnd4j;

/**
 * What one generation may be asked for.
 *
 * @param seed decides which prompts are drawn when there are more than the decoder takes
 * @param scaledByNovelty whether the adapter's change to the model is multiplied by {@link
 *     TrainingPrompts#strength}, so that familiar prompts get an adapter as strong as those of the
 *     training, and prompts unlike all of the training one that does little. Only for a generator
 *     that remembers its training prompts
 */
public record GenerationOptions(long seed, boolean scaledByNovelty) {

  /**
   * The options of {@link DragAndDrop#generate(java.util.List)}: seed 0, and not scaled.
   *
   * @return the options
   */
  public static GenerationOptions defaults() {
    return new GenerationOptions(0, false);
  }

  /**
   * The same options with another seed.
   *
   * @param newSeed the seed
   * @return a copy
   */
  public GenerationOptions withSeed(long newSeed) {
    return new GenerationOptions(newSeed, scaledByNovelty);
  }

  /**
   * The same options with the adapter scaled down or not.
   *
   * @param scaled whether the adapter is scaled by {@link TrainingPrompts#strength}
   * @return a copy
   */
  public GenerationOptions withScaledByNovelty(boolean scaled) {
    return new GenerationOptions(seed, scaled);
  }
}
