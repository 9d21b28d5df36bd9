package io.github.dnd4j.encoder;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The start of a cache file of word vectors. After it come the vectors, {@code words * dimension}
 * little-endian float32 numbers, and then the words in UTF-8, each ended by a line feed.
 *
 * @param dimension C, numbers per word
 * @param words how many words there are
 * @param wordBytes the bytes of all words with their line feeds
 * @param wordCrc the CRC-32 of those bytes
 * @param source which file the vectors were read from
 * @param sha256 of the vectors and the words, 64 hexadecimal digits
 */
record GloveHeader(
    int dimension, int words, int wordBytes, int wordCrc, Source source, String sha256) {

  /**
   * The state of the file that the vectors were read from.
   *
   * @param size its bytes
   * @param modified when it was changed last, in milliseconds since 1970
   */
  record Source(long size, long modified) {}

  static final int BYTES = 72;

  private static final byte[] MAGIC = "DND4JGV1".getBytes(StandardCharsets.US_ASCII);

  /** The bytes of one word's vector. */
  int vectorBytes() {
    return Math.multiplyExact(dimension, Float.BYTES);
  }

  /** Where a vector starts in the file. */
  long vectorAt(int word) {
    return BYTES + (long) word * vectorBytes();
  }

  /** Where the words start in the file. */
  long wordsAt() {
    return vectorAt(words);
  }

  byte[] toBytes() {
    byte[] bytes = new byte[BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.put(MAGIC).putInt(dimension).putInt(words).putInt(wordBytes).putInt(wordCrc);
    buffer.putLong(source.size).putLong(source.modified).put(HexFormat.of().parseHex(sha256));
    return bytes;
  }

  /**
   * Reads a header.
   *
   * @param bytes the first {@link #BYTES} bytes of a file
   * @param fileSize the bytes of that file
   * @return the header, or null if the file is no cache or not whole
   */
  static GloveHeader parse(byte[] bytes, long fileSize) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[MAGIC.length];
    buffer.get(magic);
    int dimension = buffer.getInt();
    int words = buffer.getInt();
    int wordBytes = buffer.getInt();
    int wordCrc = buffer.getInt();
    Source source = new Source(buffer.getLong(), buffer.getLong());
    byte[] sha256 = new byte[32];
    buffer.get(sha256);
    boolean sane =
        Arrays.equals(magic, MAGIC)
            && dimension > 0
            && dimension <= GloveConversion.MOST_NUMBERS
            && words > 0
            && wordBytes >= words
            && wordBytes <= GloveConversion.MOST_WORD_BYTES;
    if (!sane) {
      return null;
    }
    String hex = HexFormat.of().formatHex(sha256);
    GloveHeader header = new GloveHeader(dimension, words, wordBytes, wordCrc, source, hex);
    return header.wordsAt() + wordBytes == fileSize ? header : null;
  }
}
