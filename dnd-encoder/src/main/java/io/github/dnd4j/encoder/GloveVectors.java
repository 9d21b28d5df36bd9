package io.github.dnd4j.encoder;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.AtomicFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Word vectors in their binary form: an index of the words in memory, and the vectors in a file
 * from which they are read when they are asked for. A file that was used lately is in the system's
 * memory anyway. Positions are set and read through {@link RandomAccessFile}, as an interrupted
 * thread would close a channel for all others. Not safe for several threads at once.
 */
final class GloveVectors implements AutoCloseable {

  /** What is put behind the name of a text of vectors to name its binary form. */
  static final String CACHE_SUFFIX = ".dnd4j-cache";

  private static final Logger log = LoggerFactory.getLogger(GloveVectors.class);

  private final Path path;
  private final RandomAccessFile file;
  private final boolean temporary;
  private final GloveHeader header;
  private final GloveIndex index;
  private final byte[] vector;
  private final ByteBuffer vectorValues;

  private GloveVectors(
      Path path, RandomAccessFile file, boolean temporary, GloveHeader header, GloveIndex index) {
    this.path = path;
    this.file = file;
    this.temporary = temporary;
    this.header = header;
    this.index = index;
    this.vector = new byte[header.vectorBytes()];
    this.vectorValues = ByteBuffer.wrap(vector).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Opens the vectors of a text. Its binary form is made beside it if it is not there or older, or
   * in the folder for temporary files if that fails.
   *
   * @param text a text of word vectors
   */
  static GloveVectors of(Path text) {
    GloveHeader.Source state = state(text);
    Path cache = text.resolveSibling(text.getFileName() + CACHE_SUFFIX);
    try {
      if (!isCurrent(cache, state)) {
        convert(text, state, cache);
      }
      return open(cache, false);
    } catch (FileAccessException e) {
      log.warn("the vectors cannot be kept beside {}; this takes longer each time", text, e);
      return openTemporary(text, state);
    }
  }

  private static GloveHeader.Source state(Path text) {
    try {
      if (Files.isDirectory(text)) {
        throw new IOException("it is a directory");
      }
      return new GloveHeader.Source(Files.size(text), Files.getLastModifiedTime(text).toMillis());
    } catch (IOException e) {
      throw cannotRead(text, e);
    }
  }

  private static boolean isCurrent(Path cache, GloveHeader.Source state) {
    if (!Files.isRegularFile(cache)) {
      return false;
    }
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "r")) {
      GloveHeader header = header(file);
      return header != null && header.source().equals(state);
    } catch (IOException e) {
      throw cannotRead(cache, e);
    }
  }

  private static GloveHeader header(RandomAccessFile file) throws IOException {
    if (file.length() < GloveHeader.BYTES) {
      return null;
    }
    byte[] bytes = new byte[GloveHeader.BYTES];
    file.readFully(bytes);
    return GloveHeader.parse(bytes, file.length());
  }

  private static void convert(Path text, GloveHeader.Source state, Path cache) {
    log.info("reading the word vectors of {} once, to keep them as {}", text, cache);
    AtomicFiles.writeFile(cache, target -> GloveConversion.run(text, state, target));
  }

  private static GloveVectors openTemporary(Path text, GloveHeader.Source state) {
    Path temporary = null;
    try {
      temporary = Files.createTempFile("dnd4j", CACHE_SUFFIX);
      GloveConversion.run(text, state, temporary);
      return open(temporary, true);
    } catch (IOException e) {
      deleteQuietly(temporary);
      throw cannotRead(text, e);
    } catch (RuntimeException e) {
      deleteQuietly(temporary);
      throw e;
    }
  }

  @SuppressWarnings("resource") // the vectors own the file
  private static GloveVectors open(Path path, boolean temporary) {
    RandomAccessFile file = null;
    try {
      file = new RandomAccessFile(path.toFile(), "r");
      GloveHeader header = header(file);
      if (header == null) {
        throw damaged(path);
      }
      GloveIndex index = new GloveIndex(words(path, file, header), header.words());
      GloveVectors vectors = new GloveVectors(path, file, temporary, header, index);
      file = null;
      return vectors;
    } catch (IOException e) {
      throw cannotRead(path, e);
    } catch (IllegalArgumentException e) {
      throw damaged(path);
    } finally {
      closeQuietly(file);
    }
  }

  private static byte[] words(Path path, RandomAccessFile file, GloveHeader header)
      throws IOException {
    byte[] words = new byte[header.wordBytes()];
    file.seek(header.wordsAt());
    file.readFully(words);
    CRC32 crc = new CRC32();
    crc.update(words);
    if ((int) crc.getValue() != header.wordCrc()) {
      throw damaged(path);
    }
    return words;
  }

  private static FileFormatException damaged(Path path) {
    return new FileFormatException(
        path + " is damaged: delete it, and it is made anew from the text of the vectors");
  }

  private static FileAccessException cannotRead(Path path, IOException e) {
    return new FileAccessException(
        "cannot read " + path + ": " + e + ". Check that the file exists and may be read", e);
  }

  private static void closeQuietly(RandomAccessFile file) {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        log.debug("closing failed", e);
      }
    }
  }

  private static void deleteQuietly(Path temporary) {
    if (temporary != null) {
      try {
        AtomicFiles.delete(temporary);
      } catch (FileAccessException e) {
        log.warn("could not delete the temporary {}", temporary, e);
      }
    }
  }

  int dimension() {
    return header.dimension();
  }

  String sha256() {
    return header.sha256();
  }

  /**
   * Copies a word's vector.
   *
   * @param word the word
   * @param target where to
   * @param offset the first place to fill
   * @return whether the word is known; else nothing was copied
   */
  boolean read(String word, float[] target, int offset) {
    int number = index.find(word.getBytes(StandardCharsets.UTF_8));
    if (number < 0) {
      return false;
    }
    try {
      file.seek(header.vectorAt(number));
      file.readFully(vector);
    } catch (IOException e) {
      throw cannotRead(path, e);
    }
    for (int i = 0; i < header.dimension(); i++) {
      float value = vectorValues.getFloat(i * Float.BYTES);
      if (!Float.isFinite(value)) {
        throw damaged(path);
      }
      target[offset + i] = value;
    }
    return true;
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new FileAccessException("cannot close " + path + ": " + e, e);
    } finally {
      if (temporary) {
        deleteQuietly(path);
      }
    }
  }
}
