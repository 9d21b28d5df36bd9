package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * SHA-256 over the names, shapes and float32 values of a model's tensors, in the order in which the
 * model reads them. Dense weights of a BERT count as {@code [in, out]}, those of models that come
 * from one kind of file as they are stored, so that the same weights have the same fingerprint
 * whatever file they come from.
 */
final class WeightFingerprint {

  /** Numbers per piece of a large tensor: what fits into one buffer, not part of the result. */
  private static final int PIECE = 1 << 24;

  private final MessageDigest digest = Hashes.sha256();

  /** Adds a line of text. */
  void add(String line) {
    digest.update((line + '\n').getBytes(StandardCharsets.UTF_8));
  }

  /** Adds what stands before a tensor's values. */
  void add(String name, long... shape) {
    add(name + ' ' + Arrays.toString(shape));
  }

  void add(String name, INDArray tensor) {
    add(name, tensor.shape());
    if (HostFloats.accepts(tensor)) {
      addValues(tensor);
    } else {
      try (INDArray packed = tensor.dup('c')) {
        addValues(packed);
      }
    }
  }

  /** Adds the next values of a tensor, float32 in native byte order. */
  void addValues(ByteBuffer values) {
    digest.update(values);
  }

  private void addValues(INDArray tensor) {
    HostFloats floats = HostFloats.of(tensor);
    for (long done = 0; done < tensor.length(); done += PIECE) {
      addValues(floats.bytes(done, (int) Math.min(PIECE, tensor.length() - done)));
    }
  }

  /** The fingerprint of everything added; nothing can be added after it. */
  String hex() {
    return Hashes.hex(digest);
  }
}
