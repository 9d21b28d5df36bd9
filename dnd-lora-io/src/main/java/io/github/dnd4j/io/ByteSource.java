package io.github.dnd4j.io;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/** The bytes of one tensor, in the order of its elements. */
interface ByteSource extends Closeable {

  /**
   * Fills a buffer with the next bytes.
   *
   * @throws EOFException if there are not as many
   */
  void read(ByteBuffer target) throws IOException;

  /**
   * The bytes behind the next ones, of a source that can be read at several places at once; nothing
   * of one that can only be read from its start to its end.
   *
   * @param bytes how many to leave out
   */
  default Optional<ByteSource> behind(long bytes) {
    return Optional.empty();
  }

  @Override
  default void close() throws IOException {}

  /** A part of a file. Reads by position, so that several threads can share the channel. */
  static ByteSource of(FileChannel channel, long from) {
    return new ByteSource() {
      private long position = from;

      @Override
      public void read(ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
          int count = channel.read(target, position);
          if (count < 0) {
            throw new EOFException("the file ends at byte " + position);
          }
          position += count;
        }
      }

      @Override
      public Optional<ByteSource> behind(long bytes) {
        return Optional.of(of(channel, position + bytes));
      }
    };
  }
}
