package io.github.dnd4j.io;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A tensor that is to be written to a file: one in memory, or one that is read when its turn comes.
 *
 * @param info how it is stored there
 * @param content writes its elements
 */
record StoredTensor(TensorInfo info, Content content) {

  /** Writes a tensor's elements. */
  interface Content {
    void writeTo(FileChannel channel, TensorInfo info) throws IOException;
  }

  private static final int PIECE = 1 << 18;
  private static final int RAW_PIECE = 1 << 24;

  /** An array, which must live until it is written; checks that it can be stored so. */
  static StoredTensor of(String name, INDArray array, TensorType type) {
    TensorType own = typeOf(name, array);
    checkStorable(name, own, array.dataType(), type);
    return new StoredTensor(
        new TensorInfo(name, type, Arrays.stream(array.shape()).boxed().toList()),
        (channel, info) -> write(channel, array, own, info));
  }

  /** A tensor of an open file, of which memory is needed only while it is written. */
  static StoredTensor of(TensorFile file, String name, TensorType type) {
    TensorInfo source = Checks.notNull(file, "file").tensors().get(Checks.notNull(name, "name"));
    if (source == null) {
      throw new InvalidInputException(
          file.path() + " has no tensor '" + name + "': see tensors() for those that it has");
    }
    checkStorable(name, source.type(), source.type(), type);
    return new StoredTensor(
        new TensorInfo(name, type, source.shape()),
        (channel, info) -> {
          try (INDArray array = file.read(name)) {
            write(channel, array, typeOf(name, array), info);
          }
        });
  }

  private static void checkStorable(String name, TensorType own, Object ownName, TensorType type) {
    Checks.notNull(type, "type");
    boolean asItIs = own == type && own.isReadable();
    if (!asItIs && !(ElementCodec.converts(own) && ElementCodec.converts(type))) {
      throw new InvalidInputException(
          "tensor '" + name + "' of type " + ownName + " cannot be stored as " + type);
    }
  }

  static void addTo(Map<String, StoredTensor> tensors, StoredTensor tensor) {
    if (tensors.putIfAbsent(tensor.info().name(), tensor) != null) {
      throw new InvalidInputException(
          "there is already a tensor named '" + tensor.info().name() + "'");
    }
  }

  static TensorType typeOf(String name, INDArray array) {
    Checks.notNull(name, "tensor name");
    Checks.notNull(array, "tensor '" + name + "'");
    return TensorType.of(array.dataType())
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "tensor '" + name + "' of type " + array.dataType() + " cannot be stored"));
  }

  /** Writes its elements, in pieces. */
  void write(FileChannel channel) throws IOException {
    content.writeTo(channel, info);
  }

  private static void write(FileChannel channel, INDArray array, TensorType own, TensorInfo info)
      throws IOException {
    if (info.length() == 0) {
      return;
    }
    try {
      BytePointer memory = TensorMemory.of(array, extent(array) * own.width());
      if (own == info.type() && StridedSource.isContiguous(array.shape(), array.stride())) {
        writeAsIs(channel, memory, info.bytes());
      } else {
        StridedSource source =
            new StridedSource(memory, own.width(), array.shape(), array.stride());
        writeConverted(channel, own, info, source);
      }
    } finally {
      // Its memory is read by address: it must not be collected before that is done.
      Reference.reachabilityFence(array);
    }
  }

  private static void writeAsIs(FileChannel channel, BytePointer memory, long bytes)
      throws IOException {
    for (long at = 0; at < bytes; at += RAW_PIECE) {
      int count = (int) Math.min(RAW_PIECE, bytes - at);
      writeFully(channel, TensorMemory.window(memory, at, count));
    }
  }

  /** How many elements of memory a view reaches over. */
  private static long extent(INDArray array) {
    long last = 0;
    for (int axis = 0; axis < array.rank(); axis++) {
      last += (array.size(axis) - 1) * array.stride(axis);
    }
    return last + 1;
  }

  private static void writeConverted(
      FileChannel channel, TensorType from, TensorInfo info, ByteSource source) throws IOException {
    TensorType to = info.type();
    int piece = (int) Math.min(PIECE, info.length());
    ByteBuffer in = ByteBuffer.allocate(piece * from.width());
    ByteBuffer out = ByteBuffer.allocate(piece * to.width());
    float[] values = new float[piece];
    for (long at = 0; at < info.length(); at += piece) {
      int count = (int) Math.min(piece, info.length() - at);
      source.read(in.clear().limit(count * from.width()));
      in.flip();
      if (from == to) {
        writeFully(channel, in);
      } else {
        ElementCodec.decode(from, in, values, count);
        ElementCodec.encode(to, values, count, out.clear());
        writeFully(channel, out);
      }
    }
  }

  static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
