package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The header of a GGUF file, read from its start. Nothing is allocated or skipped that would reach
 * beyond the end of the file.
 */
final class GgufInput {

  private static final int PIECE = 1 << 16;

  private final Path path;
  private final FileChannel channel;
  private final long size;
  private final long longest;
  private final ByteBuffer buffer = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);

  /** Where in the file the buffer's content ends. */
  private long buffered;

  GgufInput(Path path, FileChannel channel, long longest) throws IOException {
    this.path = path;
    this.channel = channel;
    this.size = channel.size();
    this.longest = longest;
    buffer.limit(0);
  }

  long position() {
    return buffered - buffer.remaining();
  }

  long size() {
    return size;
  }

  long remaining() {
    return size - position();
  }

  byte readByte(String what) throws IOException {
    fill(Byte.BYTES, what);
    return buffer.get();
  }

  short readShort(String what) throws IOException {
    fill(Short.BYTES, what);
    return buffer.getShort();
  }

  int readInt(String what) throws IOException {
    fill(Integer.BYTES, what);
    return buffer.getInt();
  }

  long readLong(String what) throws IOException {
    fill(Long.BYTES, what);
    return buffer.getLong();
  }

  /** A length and a text of as many bytes. */
  String readString(int longest, String what) throws IOException {
    byte[] bytes = new byte[readLength(longest, what)];
    for (int at = 0; at < bytes.length; ) {
      int count = Math.min(bytes.length - at, PIECE);
      fill(count, what);
      buffer.get(bytes, at, count);
      at += count;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new FileFormatException(path + ": " + what + " is no UTF-8 text", e);
    }
  }

  void skipString(int longest, String what) throws IOException {
    skip(readLength(longest, what), what);
  }

  private int readLength(int longest, String what) throws IOException {
    long length = readLong(what);
    if (length < 0 || length > longest) {
      throw broken(
          what
              + " would have "
              + Long.toUnsignedString(length)
              + " bytes, at most "
              + longest
              + " are allowed");
    }
    require(length, what);
    return (int) length;
  }

  void skip(long count, String what) throws IOException {
    require(count, what);
    if (count <= buffer.remaining()) {
      buffer.position(buffer.position() + (int) count);
    } else {
      buffered = position() + count;
      buffer.limit(0);
    }
  }

  private void require(long count, String what) {
    if (count > longest - position()) {
      throw broken(
          "its header has more than " + longest + " bytes, which is all that is allowed: " + what);
    }
    if (count > remaining()) {
      throw broken(
          "it is cut off: "
              + what
              + " takes "
              + count
              + " bytes from byte "
              + position()
              + " on, but only "
              + remaining()
              + " follow");
    }
  }

  private void fill(int count, String what) throws IOException {
    require(count, what);
    if (buffer.remaining() >= count) {
      return;
    }
    buffer.compact().limit((int) Math.min(PIECE, buffer.position() + size - buffered));
    while (buffer.position() < count) {
      int read = channel.read(buffer, buffered);
      if (read < 0) {
        throw new EOFException("the file ends at byte " + buffered);
      }
      buffered += read;
    }
    buffer.flip();
  }

  FileFormatException broken(String what) {
    return new FileFormatException(path + ": " + what);
  }
}
