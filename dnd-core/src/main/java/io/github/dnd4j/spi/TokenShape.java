package io.github.dnd4j.spi;

/**
 * What a decoder gives: {@code [tokens, height, width]} for each adapter.
 *
 * @param tokens T, the weight tokens
 * @param height h, the rows of a token: the rank + 2
 * @param width w, the columns of a token: the tile width + 2
 */
public record TokenShape(int tokens, int height, int width) {

  @Override
  public String toString() {
    return "[" + tokens + ", " + height + ", " + width + "]";
  }
}
