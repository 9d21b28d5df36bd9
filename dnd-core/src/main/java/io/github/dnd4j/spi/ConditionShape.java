package io.github.dnd4j.spi;

/**
 * What a decoder takes in: {@code [prompts, textLength, dimension]} for each adapter.
 *
 * @param prompts N, the prompts per condition
 * @param textLength L, the tokens per prompt
 * @param dimension C, the width of a token's hidden state
 */
public record ConditionShape(int prompts, int textLength, int dimension) {

  @Override
  public String toString() {
    return "[" + prompts + ", " + textLength + ", " + dimension + "]";
  }
}
