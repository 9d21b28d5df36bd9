package io.github.dnd4j.training;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conditions in a file. All numbers are little endian:
 *
 * <pre>
 * header: "DND4JCND", version int32, identity 32 bytes
 * record: key 32 bytes, CRC32 of key and values int32, values float32 [L * C]
 * </pre>
 *
 * <p>Records are only ever appended. One that a crash left unfinished is cut off when the file is
 * opened; one whose CRC is wrong counts as missing, and a later record of the same key replaces it.
 *
 * <p>The file is a {@link RandomAccessFile} and not used through its channel, since a channel is
 * closed for good when a thread that uses it is interrupted, which is how prefetching is stopped.
 * For one thread at a time.
 */
final class ConditionFile implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ConditionFile.class);

  private static final byte[] MAGIC = "DND4JCND".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;
  private static final int HASH_BYTES = 32;
  private static final int HEADER_BYTES = MAGIC.length + Integer.BYTES + HASH_BYTES;
  private static final int RECORD_HEAD_BYTES = HASH_BYTES + Integer.BYTES;

  /**
   * What this process has open. A lock does not do for that: on some systems closing a file that
   * was opened a second time frees the locks of the first.
   */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final boolean temporary;
  private final RandomAccessFile file;
  private final ByteBuffer record;

  /** Where the record of a key begins. */
  private final Map<String, Long> positions = new HashMap<>();

  /** Held until the file is closed, against other processes. */
  private FileLock lock;

  private long end = HEADER_BYTES;
  private boolean warned;

  private ConditionFile(Path path, boolean temporary, int valuesPerRecord) throws IOException {
    this.path = path;
    this.temporary = temporary;
    this.record =
        ByteBuffer.allocate(RECORD_HEAD_BYTES + valuesPerRecord * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    this.file = new RandomAccessFile(path.toFile(), "rw");
  }

  /**
   * Opens a file, or begins one.
   *
   * @param identity 64 hexadecimal digits that say whose conditions these are
   * @throws FileAccessException if it cannot be written, or another process has it open
   * @throws FileFormatException if it is another kind of file, or of another identity
   */
  static ConditionFile open(Path path, String identity, int valuesPerRecord) {
    Path real = real(path);
    if (!OPEN.add(real)) {
      throw inUse(real, null);
    }
    try {
      return start(new ConditionFile(real, false, valuesPerRecord), identity);
    } catch (IOException e) {
      OPEN.remove(real);
      throw failed(real, e);
    } catch (RuntimeException e) {
      OPEN.remove(real);
      throw e;
    }
  }

  /** One name for one file, whatever way led there. */
  private static Path real(Path path) {
    Path folder = path.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
      return folder.toRealPath().resolve(path.getFileName());
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /** Begins a file that is deleted when it is closed. */
  static ConditionFile temporary(String identity, int valuesPerRecord) {
    try {
      Path path = Files.createTempFile("dnd4j-conditions-", ".bin");
      path.toFile().deleteOnExit(); // if the program ends without closing it
      return start(new ConditionFile(path, true, valuesPerRecord), identity);
    } catch (IOException e) {
      throw new FileAccessException("cannot write a temporary file of conditions: " + e, e);
    }
  }

  private static ConditionFile start(ConditionFile opened, String identity) throws IOException {
    try {
      opened.lock();
      opened.readOrWriteHeader(identity);
      opened.index();
      return opened;
    } catch (IOException | RuntimeException e) {
      opened.file.close();
      throw e;
    }
  }

  private void lock() throws IOException {
    try {
      lock = file.getChannel().tryLock();
    } catch (OverlappingFileLockException e) {
      throw inUse(path, e);
    }
    if (lock == null) {
      throw inUse(path, null);
    }
  }

  private static FileAccessException inUse(Path path, OverlappingFileLockException cause) {
    return new FileAccessException(
        "the conditions in "
            + path
            + " are in use by another run: wait for it, or give each run a directory of its own",
        cause);
  }

  private void readOrWriteHeader(String identity) throws IOException {
    ByteBuffer expected = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    expected.put(MAGIC).putInt(VERSION).put(HexFormat.of().parseHex(identity));
    byte[] actual = new byte[(int) Math.min(HEADER_BYTES, file.length())];
    file.seek(0);
    file.readFully(actual);
    if (!Arrays.equals(actual, 0, actual.length, expected.array(), 0, actual.length)) {
      throw new FileFormatException(
          path + " holds no conditions of this encoder and text length: delete or rename it");
    }
    if (actual.length < HEADER_BYTES) { // new, or a crash came before its first record
      file.seek(0);
      file.write(expected.array());
    }
  }

  private void index() throws IOException {
    byte[] key = new byte[HASH_BYTES];
    long length = file.length();
    for (; end + record.capacity() <= length; end += record.capacity()) {
      file.seek(end);
      file.readFully(key);
      positions.put(HexFormat.of().formatHex(key), end);
    }
    if (end < length) {
      log.warn("{} ends in an unfinished record, which is cut off", path);
      file.setLength(end);
    }
  }

  /** Whether there is a record, whole or not. */
  boolean contains(String key) {
    return positions.containsKey(key);
  }

  /**
   * Reads a record.
   *
   * @return whether there was one that is whole; else the target may have changed all the same
   */
  boolean read(String key, float[] target, int offset) {
    Long position = positions.get(key);
    if (position == null) {
      return false;
    }
    try {
      file.seek(position);
      file.readFully(record.array());
    } catch (IOException e) {
      throw failed(path, e);
    }
    if (!isWhole(key)) {
      positions.remove(key);
      warnOnce();
      return false;
    }
    record.position(RECORD_HEAD_BYTES);
    record.asFloatBuffer().get(target, offset, valuesPerRecord());
    return true;
  }

  private boolean isWhole(String key) {
    return HexFormat.of().formatHex(record.array(), 0, HASH_BYTES).equals(key)
        && record.getInt(HASH_BYTES) == checksum();
  }

  private int checksum() {
    CRC32 crc = new CRC32();
    crc.update(record.array(), 0, HASH_BYTES);
    crc.update(record.array(), RECORD_HEAD_BYTES, record.capacity() - RECORD_HEAD_BYTES);
    return (int) crc.getValue();
  }

  private void warnOnce() {
    if (!warned) {
      warned = true;
      log.warn("{} is damaged: conditions whose checksum is wrong are encoded again", path);
    }
  }

  private int valuesPerRecord() {
    return (record.capacity() - RECORD_HEAD_BYTES) / Float.BYTES;
  }

  /** Adds a record; it replaces one of the same key. */
  void append(String key, float[] values, int offset) {
    record.clear().put(HexFormat.of().parseHex(key)).position(RECORD_HEAD_BYTES);
    record.asFloatBuffer().put(values, offset, valuesPerRecord());
    record.putInt(HASH_BYTES, checksum());
    try {
      file.seek(end);
      file.write(record.array());
    } catch (IOException e) {
      throw failed(path, e); // what was written lies beyond the end, and is overwritten next time
    }
    positions.put(key, end);
    end += record.capacity();
  }

  private static FileAccessException failed(Path path, IOException e) {
    return new FileAccessException(
        "cannot read or write the conditions in "
            + path
            + ": "
            + e
            + ". Check that the folder can be written and that the disk has room",
        e);
  }

  @Override
  public void close() {
    try {
      lock.release();
      file.close();
      if (temporary) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw failed(path, e);
    } finally {
      OPEN.remove(path);
    }
  }
}
