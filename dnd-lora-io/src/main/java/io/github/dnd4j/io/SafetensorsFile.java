package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * A safetensors file, open for reading. Opening checks the whole header: its length, that the
 * tensors lie one after the other without overlap or gap and fill the file exactly, that each takes
 * as many bytes as its shape and type say, and that no name occurs twice. After that no tensor can
 * ask for more memory than the file has bytes (twice that for 16-bit types, which become float32).
 *
 * <p>Format: an unsigned little-endian 64-bit header length, a JSON header, the data. See
 * https://github.com/huggingface/safetensors.
 */
public final class SafetensorsFile extends OpenTensorFile {

  /** Longer headers are refused, as by the reference implementation. */
  static final long LONGEST_HEADER = ReadLimits.MOST_HEADER_BYTES;

  private final FileChannel channel;
  private final long size;
  private final long dataStart;
  private final SafetensorsHeader header;

  private SafetensorsFile(
      Path path, FileChannel channel, long size, long dataStart, SafetensorsHeader header) {
    super(path, channel, header.tensors());
    this.channel = channel;
    this.size = size;
    this.dataStart = dataStart;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param path the file; its content is not trusted
   * @return the open file; the caller closes it
   * @throws FileAccessException if it is missing or unreadable
   * @throws FileFormatException if its header breaks a rule of the format
   */
  public static SafetensorsFile open(Path path) {
    return open(path, ReadLimits.defaults());
  }

  @SuppressWarnings("resource") // the opened file owns the channel
  static SafetensorsFile open(Path path, ReadLimits limits) {
    Checks.notNull(path, "path");
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      SafetensorsFile file = parse(path, channel, limits);
      channel = null;
      return file;
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + path + ": " + e + ". Check that the file exists and may be read", e);
    } finally {
      closeQuietly(channel);
    }
  }

  private static SafetensorsFile parse(Path path, FileChannel channel, ReadLimits limits)
      throws IOException {
    long size = channel.size();
    byte[] json = headerBytes(path, channel, size, limits.headerBytes());
    long dataStart = (long) Long.BYTES + json.length;
    SafetensorsHeader header =
        SafetensorsHeader.parse(path, json, size - dataStart, limits.tensors());
    return new SafetensorsFile(path, channel, size, dataStart, header);
  }

  private static byte[] headerBytes(Path path, FileChannel channel, long size, long most)
      throws IOException {
    if (size < Long.BYTES) {
      throw new FileFormatException(
          path + " is no safetensors file: it has only " + size + " bytes");
    }
    ByteSource start = ByteSource.of(channel, 0);
    ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    start.read(prefix);
    long length = prefix.getLong(0);
    if (length < 0 || length > most) {
      throw new FileFormatException(
          path
              + " is no safetensors file, or a corrupt one: its header would have "
              + Long.toUnsignedString(length)
              + " bytes, at most "
              + most
              + " are allowed");
    }
    if (length > size - Long.BYTES) {
      throw new FileFormatException(
          path
              + " is cut off or no safetensors file: its header should have "
              + length
              + " bytes, but only "
              + (size - Long.BYTES)
              + " follow");
    }
    byte[] json = new byte[(int) length];
    try {
      start.read(ByteBuffer.wrap(json));
    } catch (EOFException e) {
      throw new FileFormatException(path + " became shorter while its header was read", e);
    }
    return json;
  }

  /** How many bytes the file has. */
  long size() {
    return size;
  }

  /** Where in the file a tensor begins. */
  long position(String name) {
    return dataStart + header.offset(name);
  }

  /** Fills a buffer with the file's bytes from a position on, whatever they are of. */
  void readAt(long from, ByteBuffer target) {
    try {
      ByteSource.of(channel, from).read(target);
    } catch (EOFException e) {
      throw new FileFormatException(path() + " became shorter while it was read", e);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + path() + ": " + e + ". Check that the file is there and still open", e);
    }
  }

  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  ByteSource source(TensorInfo info) {
    return ByteSource.of(channel, position(info.name()));
  }
}
