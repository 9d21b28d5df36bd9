package io.github.dnd4j.io;

import io.github.dnd4j.internal.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Reads a tensor's elements into memory, in pieces: by several threads if the source allows it, as
 * one thread alone is slower than memory is, and much slower if it converts.
 */
final class TensorPieces {

  /**
   * Elements per piece that are converted: enough that system calls do not count, few enough that
   * they stay in the processor's cache.
   */
  private static final int CONVERTED = 1 << 18;

  /** Elements per piece that are only read: a disk gives long pieces faster. */
  private static final int PLAIN = 1 << 20;

  /**
   * Threads at least: while some wait for the disk, others copy. 4.5 GB that no cache held were
   * ready in 3.4 to 4.0 s by four threads and in 7.0 to 7.6 s by two, on two cores; from the cache
   * both take 1.4 s.
   */
  private static final int THREADS = 4;

  private final TensorInfo info;
  private final INDArray target;
  private final TensorType targetType;
  private final BytePointer memory;
  private final int piece;

  /**
   * For a tensor.
   *
   * @param info how it is stored
   * @param target where to: contiguous in 'c' order, of as many elements
   */
  TensorPieces(TensorInfo info, INDArray target) {
    this.info = info;
    this.target = target;
    this.targetType = TensorType.of(target.dataType()).orElseThrow();
    this.memory = TensorMemory.of(target, info.length() * targetType.width());
    this.piece = targetType == info.type() ? PLAIN : CONVERTED;
  }

  /** Reads all of them. */
  void read(ByteSource source) throws IOException {
    int pieces = Math.toIntExact((info.length() + piece - 1) / piece);
    if (pieces > 1 && source.behind(0).isPresent()) {
      readByThreads(source, pieces);
    } else {
      Scratch scratch = new Scratch();
      for (int i = 0; i < pieces; i++) {
        read(source, i, scratch);
      }
    }
    TensorMemory.written(target);
  }

  private void readByThreads(ByteSource source, int pieces) throws IOException {
    Workers workers = new Workers(Math.max(THREADS, Workers.preferredThreads()));
    Scratch[] scratch = new Scratch[workers.threads()];
    try {
      workers.run(
          pieces,
          (index, worker) -> {
            if (scratch[worker] == null) {
              scratch[worker] = new Scratch();
            }
            readBehind(source, index, scratch[worker]);
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void readBehind(ByteSource source, int index, Scratch scratch) {
    try (ByteSource piece = source.behind(first(index) * info.type().width()).orElseThrow()) {
      read(piece, index, scratch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long first(int index) {
    return (long) index * piece;
  }

  private void read(ByteSource source, int index, Scratch scratch) throws IOException {
    long first = first(index);
    int count = (int) Math.min(piece, info.length() - first);
    int width = targetType.width();
    ByteBuffer to = TensorMemory.window(memory, first * width, count * width);
    if (targetType == info.type()) {
      source.read(to); // file and memory agree on the layout
    } else {
      scratch.convert(source, count, to);
    }
  }

  /** What one thread needs to convert. */
  private final class Scratch {

    private ByteBuffer bytes;
    private float[] values;

    void convert(ByteSource source, int count, ByteBuffer to) throws IOException {
      if (bytes == null) {
        int most = (int) Math.min(piece, info.length());
        bytes = ByteBuffer.allocateDirect(most * info.type().width());
        values = new float[most];
      }
      source.read(bytes.clear().limit(count * info.type().width()));
      ElementCodec.decode(info.type(), bytes.flip(), values, count);
      ElementCodec.encode(targetType, values, count, to);
    }
  }
}
