package io.github.dnd4j;

/**
 * What one generation may be asked for.
 *
 * @param seed decides which prompts are drawn when there are more than the decoder takes
 */
public record GenerationOptions(long seed) {

  /**
   * The options of {@link DragAndDrop#generate(java.util.List)}: seed 0.
   *
   * @return the options
   */
  public static GenerationOptions defaults() {
    return new GenerationOptions(0);
  }

  /**
   * The same options with another seed.
   *
   * @param newSeed the seed
   * @return a copy
   */
  public GenerationOptions withSeed(long newSeed) {
    return new GenerationOptions(newSeed);
  }
}
