package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * SHA-256 over the names, shapes and little-endian float32 values of parameters: a hash over the
 * hashes of blocks, so that all cores share the gigabytes.
 */
final class ParameterFingerprint {

  /** Numbers per block; part of the definition. */
  private static final int BLOCK = 1 << 22;

  private ParameterFingerprint() {}

  private record Block(HostFloats values, long from, int count) {

    String hash() {
      MessageDigest digest = Hashes.sha256();
      digest.update(values.bytes(from, count));
      return Hashes.hex(digest);
    }
  }

  static String of(Map<String, INDArray> parameters) {
    List<String> description = new ArrayList<>();
    List<Block> blocks = new ArrayList<>();
    parameters.forEach(
        (name, array) -> {
          description.add(name + Arrays.toString(array.shape()));
          HostFloats values = HostFloats.of(array);
          for (long from = 0; from < array.length(); from += BLOCK) {
            blocks.add(new Block(values, from, (int) Math.min(BLOCK, array.length() - from)));
          }
        });
    description.addAll(blocks.parallelStream().map(Block::hash).toList());
    return Hashes.sha256(description);
  }
}
