package io.github.dnd4j.encoder;

/**
 * The heads of an attention. Query head h uses key and value head {@code h / (heads /
 * keyValueHeads)}, which is grouped-query attention (Ainslie et al., arXiv 2305.13245) if these are
 * fewer, and multi-head attention if they are as many.
 *
 * @param heads how many query heads there are, a multiple of the next
 * @param keyValueHeads how many heads keys and values have
 * @param headSize the width of a head
 * @param scale what the products of queries and keys are multiplied with, as a rule {@code 1 / sqrt
 *     headSize}
 * @param causal whether a token sees only itself and those before it
 */
record AttentionShape(int heads, int keyValueHeads, int headSize, float scale, boolean causal) {

  AttentionShape {
    if (heads < 1 || keyValueHeads < 1 || heads % keyValueHeads != 0 || headSize < 1) {
      throw new IllegalArgumentException(
          heads + " heads of " + headSize + " cannot share " + keyValueHeads + " keys and values");
    }
  }

  /**
   * Multi-head attention in which all tokens see each other, scaled by {@code 1 / sqrt headSize}.
   *
   * @param heads how many heads
   * @param headSize the width of a head
   */
  static AttentionShape multiHead(int heads, int headSize) {
    return new AttentionShape(heads, heads, headSize, (float) (1 / Math.sqrt(headSize)), false);
  }

  /** How many query heads share a key and value head. */
  int group() {
    return heads / keyValueHeads;
  }

  /** The width of a row of queries, or of contexts. */
  int width() {
    return heads * headSize;
  }

  /** The width of a row of queries, keys and values side by side. */
  int inputWidth() {
    return (heads + 2 * keyValueHeads) * headSize;
  }

  /** Where in such a row the keys of a query head begin. */
  int keyColumn(int head) {
    return (heads + head / group()) * headSize;
  }

  /** Where in such a row the values of a query head begin. */
  int valueColumn(int head) {
    return keyColumn(head) + keyValueHeads * headSize;
  }
}
