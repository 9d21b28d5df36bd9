package io.github.dnd4j.encoder;

import java.nio.IntBuffer;

/**
 * A row of token ids that the model encodes at once. Windows of the same content are equal.
 *
 * @param ids the ids, padding included; not to be read from through its position
 * @param valid how many of them, from the first, are no padding
 */
record Window(IntBuffer ids, int valid) {

  int length() {
    return ids.capacity();
  }

  /** A copy of the ids. */
  int[] tokens() {
    int[] tokens = new int[length()];
    ids.get(0, tokens);
    return tokens;
  }
}
