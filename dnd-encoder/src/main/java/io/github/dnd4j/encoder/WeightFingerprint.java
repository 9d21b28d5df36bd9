package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * SHA-256 over the names, shapes and float32 values of a model's tensors, in the order in which the
 * model reads them. Dense weights count as {@code [in, out]}, so that the same weights have the
 * same fingerprint whatever file they come from.
 */
final class WeightFingerprint {

  private static final int CHUNK = 1 << 14;

  private final MessageDigest digest = sha256();
  private final float[] values = new float[CHUNK];
  private final ByteBuffer bytes =
      ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  void add(String name, INDArray tensor) {
    String header = name + ' ' + Arrays.toString(tensor.shape()) + '\n';
    digest.update(header.getBytes(StandardCharsets.UTF_8));
    HostFloats floats = HostFloats.of(tensor);
    for (long done = 0; done < tensor.length(); ) {
      int count = (int) Math.min(CHUNK, tensor.length() - done);
      floats.read(done, values, 0, count);
      bytes.asFloatBuffer().put(values, 0, count);
      digest.update(bytes.array(), 0, count * Float.BYTES);
      done += count;
    }
  }

  /** The fingerprint of everything added; nothing can be added after it. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
