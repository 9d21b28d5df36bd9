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

/** An array that is to be written to a file, and how its elements are stored there. */
record StoredTensor(INDArray array, TensorType memory, TensorInfo info) {

  private static final int PIECE = 1 << 18;
  private static final int RAW_PIECE = 1 << 24;

  /** Checks that the array can be stored so. */
  static StoredTensor of(String name, INDArray array, TensorType type) {
    TensorType own = typeOf(name, array);
    Checks.notNull(type, "type");
    if (own != type && !(ElementCodec.converts(own) && ElementCodec.converts(type))) {
      throw new InvalidInputException(
          "tensor '" + name + "' of type " + array.dataType() + " cannot be stored as " + type);
    }
    return new StoredTensor(
        array, own, new TensorInfo(name, type, Arrays.stream(array.shape()).boxed().toList()));
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
    if (info.length() == 0) {
      return;
    }
    try {
      BytePointer bytes = TensorMemory.of(array, extent(array) * memory.width());
      if (memory == info.type() && StridedSource.isContiguous(array.shape(), array.stride())) {
        writeAsIs(channel, bytes, info.bytes());
      } else {
        int width = memory.width();
        writeConverted(channel, new StridedSource(bytes, width, array.shape(), array.stride()));
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

  private void writeConverted(FileChannel channel, ByteSource source) throws IOException {
    TensorType from = memory;
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
