package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Hashes;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Turns a text of word vectors, {@code word number number ...} per line, plain or compressed by
 * gzip, into the binary form that {@link GloveVectors} reads. One pass over the text, in little
 * memory: the words and a few megabytes.
 */
final class GloveConversion {

  /** The most numbers per word. The vectors that people publish have up to a thousand. */
  static final int MOST_NUMBERS = 1 << 15;

  /** Longer lines are no word vectors: about 30 bytes for each of the most numbers. */
  private static final int LONGEST_LINE = 1 << 20;

  static final int MOST_WORD_BYTES = 1 << 28;
  private static final int OUTPUT_BYTES = 1 << 20;

  private final Path source;
  private final RandomAccessFile target;
  private final MessageDigest digest = Hashes.sha256();
  private final byte[] output = new byte[OUTPUT_BYTES];
  private final GloveNumbers parser = new GloveNumbers();
  private final ByteBuffer pending = ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN);

  private byte[] words = new byte[1 << 16];
  private int wordBytes;
  private int wordCount;
  private long line;
  private float[] numbers;

  private GloveConversion(Path source, RandomAccessFile target) {
    this.source = source;
    this.target = target;
  }

  /**
   * Reads all word vectors.
   *
   * @param source a text of word vectors; its content is not trusted
   * @param state the state of that file
   * @param target the binary file to write
   * @throws FileFormatException if a line is broken; the message names it
   * @throws IOException if reading or writing fails
   */
  static void run(Path source, GloveHeader.Source state, Path target) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(target.toFile(), "rw");
        InputStream text = open(source)) {
      file.setLength(0);
      file.write(new byte[GloveHeader.BYTES]);
      GloveConversion conversion = new GloveConversion(source, file);
      conversion.readLines(text);
      GloveHeader header = conversion.finish(state);
      file.seek(0);
      file.write(header.toBytes());
    }
  }

  private static InputStream open(Path source) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(source), 1 << 16);
    in.mark(2);
    boolean compressed = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    try {
      return compressed ? new GZIPInputStream(in, 1 << 16) : in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  private void readLines(InputStream text) throws IOException {
    byte[] buffer = new byte[2 * LONGEST_LINE];
    int filled = 0;
    boolean more = true;
    while (more) {
      checkInterrupt();
      int count = read(text, buffer, filled);
      more = count >= 0;
      filled += Math.max(0, count);
      int used = takeLines(buffer, filled);
      filled -= used;
      System.arraycopy(buffer, used, buffer, 0, filled);
      if (filled > LONGEST_LINE) {
        line++;
        throw broken("is longer than " + LONGEST_LINE + " bytes");
      }
    }
    if (filled > 0) {
      takeLine(buffer, 0, filled);
    }
  }

  private int read(InputStream text, byte[] buffer, int filled) throws IOException {
    try {
      return text.read(buffer, filled, buffer.length - filled);
    } catch (EOFException | ZipException e) {
      throw new FileFormatException(
          source + " is compressed, but broken or cut off after line " + line + ": " + e, e);
    }
  }

  private static void checkInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException("reading word vectors was interrupted");
    }
  }

  /** Takes all whole lines; returns how many bytes they have. */
  private int takeLines(byte[] buffer, int filled) throws IOException {
    int start = 0;
    for (int i = 0; i < filled; i++) {
      if (buffer[i] == '\n') {
        takeLine(buffer, start, i);
        start = i + 1;
      }
    }
    return start;
  }

  private void takeLine(byte[] bytes, int from, int end) throws IOException {
    line++;
    int to = end;
    while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == '\r' || bytes[to - 1] == '\t')) {
      to--;
    }
    if (numbers == null) {
      int fields = spaces(bytes, from, to);
      if (line == 1 && fields == 1 && isHeader(bytes, from, to)) {
        return;
      }
      numbers = new float[dimension(fields)];
    }
    int word = readNumbers(bytes, from, to);
    addVector();
    addWord(bytes, from, word);
  }

  private static int spaces(byte[] bytes, int from, int to) {
    int spaces = 0;
    for (int i = from; i < to; i++) {
      if (bytes[i] == ' ') {
        spaces++;
      }
    }
    return spaces;
  }

  /** The first line of word2vec's text format: how many words and numbers there are. */
  private static boolean isHeader(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != ' ' && (bytes[i] < '0' || bytes[i] > '9')) {
        return false;
      }
    }
    return true;
  }

  private int dimension(int fields) {
    if (fields < 1 || fields > MOST_NUMBERS) {
      throw broken(
          "must be a word and from 1 to "
              + MOST_NUMBERS
              + " numbers with single spaces between them, but "
              + fields
              + " fields follow the first");
    }
    return fields;
  }

  /**
   * Reads a line's numbers. A word may hold spaces itself, as some of glove.840B do: the numbers
   * are the last fields. As most words hold none, that is tried first.
   *
   * @return where the word ends
   */
  private int readNumbers(byte[] bytes, int from, int to) {
    int word = from;
    while (word < to && bytes[word] != ' ') {
      word++;
    }
    if (readNumbersAfter(word, bytes, to) == numbers.length) {
      return word;
    }
    word = endOfWord(bytes, from, to);
    int read = readNumbersAfter(word, bytes, to);
    if (read < numbers.length) {
      throw broken("number " + (read + 1) + " is no finite decimal number");
    }
    return word;
  }

  /** Returns how many numbers could be read, or one more than needed if more than those follow. */
  private int readNumbersAfter(int word, byte[] bytes, int to) {
    int at = word;
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = at < to ? parser.parse(bytes, at + 1, to) : Float.NaN;
      if (Float.isNaN(numbers[i])) {
        return i;
      }
      at = parser.end();
    }
    return at == to ? numbers.length : numbers.length + 1;
  }

  private int endOfWord(byte[] bytes, int from, int to) {
    int fields = 0;
    for (int i = to - 1; i >= from; i--) {
      if (bytes[i] == ' ' && ++fields == numbers.length) {
        return i;
      }
    }
    throw broken(
        "has "
            + fields
            + " numbers after the word, but the first word has "
            + numbers.length
            + ". Is the file cut off?");
  }

  private void addVector() throws IOException {
    for (float number : numbers) {
      if (!pending.hasRemaining()) {
        flush();
      }
      pending.putFloat(number);
    }
  }

  private void flush() throws IOException {
    digest.update(output, 0, pending.position());
    target.write(output, 0, pending.position());
    pending.clear();
  }

  private void addWord(byte[] bytes, int from, int to) {
    int length = to - from + 1;
    if (length > MOST_WORD_BYTES - wordBytes) {
      throw broken("is one word too many: all words have more than " + MOST_WORD_BYTES + " bytes");
    }
    if (wordBytes + length > words.length) {
      words = Arrays.copyOf(words, Math.max(2 * words.length, wordBytes + length));
    }
    System.arraycopy(bytes, from, words, wordBytes, to - from);
    wordBytes += length;
    words[wordBytes - 1] = '\n';
    wordCount++;
  }

  private GloveHeader finish(GloveHeader.Source state) throws IOException {
    if (wordCount == 0) {
      throw new FileFormatException(source + " holds no word vectors");
    }
    flush();
    digest.update(words, 0, wordBytes);
    target.write(words, 0, wordBytes);
    CRC32 crc = new CRC32();
    crc.update(words, 0, wordBytes);
    return new GloveHeader(
        numbers.length, wordCount, wordBytes, (int) crc.getValue(), state, Hashes.hex(digest));
  }

  private FileFormatException broken(String what) {
    return new FileFormatException(source + ", line " + line + ": " + what);
  }
}
