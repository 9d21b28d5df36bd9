package io.github.dnd4j.encoder;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds the numbers of words. The words stay in the bytes that they came in; beside them there are
 * two arrays of integers, so that two million words take some 50 MB instead of the hundreds that
 * strings in a map would.
 */
final class GloveIndex {

  private final byte[] words;

  /** Where each word ends, at its line feed. */
  private final int[] ends;

  /** An open hash table: a word's number + 1, or 0. At most half full. */
  private final int[] slots;

  /** Drawn anew, so that nobody can prepare words that all meet in one slot. */
  private final long multiplier = ThreadLocalRandom.current().nextLong() | 1;

  /**
   * Indexes words.
   *
   * @param words the words in UTF-8, each ended by a line feed; kept, not copied
   * @param count how many there are, at most 2^28
   * @throws IllegalArgumentException if there are more or fewer
   */
  GloveIndex(byte[] words, int count) {
    this.words = words;
    this.ends = new int[count];
    this.slots = new int[Math.max(2, Integer.highestOneBit(count) << 2)];
    int word = 0;
    for (int i = 0; i < words.length; i++) {
      if (words[i] == '\n') {
        if (word == count) {
          throw new IllegalArgumentException("more words than " + count);
        }
        ends[word] = i;
        add(word++);
      }
    }
    if (word < count) {
      throw new IllegalArgumentException(word + " words instead of " + count);
    }
  }

  /** Of words that occur twice the last counts, as in the reference. */
  private void add(int word) {
    int start = start(word);
    int length = ends[word] - start;
    slots[slot(words, start, length)] = word + 1;
  }

  private int start(int word) {
    return word == 0 ? 0 : ends[word - 1] + 1;
  }

  /** The slot of a word, or the free one where it belongs. */
  private int slot(byte[] bytes, int from, int length) {
    int slot = hash(bytes, from, length) & (slots.length - 1);
    while (slots[slot] != 0 && !isWord(slots[slot] - 1, bytes, from, length)) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private int hash(byte[] bytes, int from, int length) {
    long hash = length;
    for (int i = from; i < from + length; i++) {
      hash = (hash + bytes[i]) * multiplier;
      hash ^= hash >>> 32;
    }
    return (int) hash;
  }

  private boolean isWord(int word, byte[] bytes, int from, int length) {
    return Arrays.equals(words, start(word), ends[word], bytes, from, from + length);
  }

  /**
   * A word's number.
   *
   * @param word the word in UTF-8
   * @return its number from 0, or -1 if it is unknown
   */
  int find(byte[] word) {
    return slots[slot(word, 0, word.length)] - 1;
  }
}
