package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * SHA-256 over the names, shapes and little-endian float32 values of parameters: a hash over the
 * hashes of blocks, so that all cores share the gigabytes.
 */
final class ParameterFingerprint {

  /** Numbers per block; part of the definition. */
  private static final int BLOCK = 1 << 22;

  private ParameterFingerprint() {}

  /** Numbers of 16 bits that are converted at a time; fits into the processor's cache. */
  private static final int CONVERTED = 1 << 16;

  private record Block(INDArray values, long from, int count) {

    String hash() {
      MessageDigest digest = Hashes.sha256();
      if (values.dataType() == DataType.FLOAT) {
        digest.update(HostFloats.of(values).bytes(from, count));
      } else {
        addConverted(digest);
      }
      return Hashes.hex(digest);
    }

    /** Numbers of 16 bits count as what they are in float32. */
    private void addConverted(MessageDigest digest) {
      Numbers numbers = Numbers.of(values);
      NumberReader reader = new NumberReader();
      float[] floats = new float[CONVERTED];
      ByteBuffer bytes =
          ByteBuffer.allocate(Float.BYTES * CONVERTED).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = 0; at < count; at += CONVERTED) {
        int some = Math.min(CONVERTED, count - at);
        reader.read(numbers, from + at, floats, some);
        bytes.clear().limit(Float.BYTES * some);
        bytes.asFloatBuffer().put(floats, 0, some);
        digest.update(bytes);
      }
    }
  }

  static String of(Map<String, INDArray> parameters) {
    List<String> description = new ArrayList<>();
    List<Block> blocks = new ArrayList<>();
    parameters.forEach(
        (name, array) -> {
          description.add(name + Arrays.toString(array.shape()));
          for (long from = 0; from < array.length(); from += BLOCK) {
            blocks.add(new Block(array, from, (int) Math.min(BLOCK, array.length() - from)));
          }
        });
    description.addAll(blocks.parallelStream().map(Block::hash).toList());
    return Hashes.sha256(description);
  }
}
