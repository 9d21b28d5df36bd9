package io.github.dnd4j.io;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes GGUF files: version 3, little-endian, aligned to 32 bytes. Keys and tensors go to the file
 * in the order in which they were added, tensors in pieces and without a copy of a whole one. The
 * same keys and tensors give the same bytes.
 *
 * <pre>{@code
 * new GgufWriter()
 *     .put("general.architecture", "qwen2")
 *     .put("qwen2.block_count", 24)
 *     .add("token_embd.weight", embeddings, TensorType.BF16)
 *     .write(Path.of("model.gguf"));
 * }</pre>
 *
 * <p>Numbers are rounded to the nearest, ties to even, where the file's type has fewer bits.
 */
public final class GgufWriter {

  /** llama.cpp keeps names in 64 bytes with a zero at the end. */
  private static final int LONGEST_NAME = GgufHeader.LONGEST_NAME - 1;

  private final Map<String, byte[]> entries = new LinkedHashMap<>();
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  /** Creates a writer without keys and tensors. */
  public GgufWriter() {}

  /**
   * Adds a text.
   *
   * @param key its key, unlike all others: printable ASCII
   * @param value the text
   * @return this writer
   * @throws InvalidInputException if the key is taken or is none
   */
  public GgufWriter put(String key, String value) {
    Checks.notNull(value, "the value of " + key);
    return put(key, GgufValue.Type.STRING, new Bytes().text(value));
  }

  /**
   * Adds a whole number, as an unsigned one of 32 bits.
   *
   * @param key its key, unlike all others: printable ASCII
   * @param value the number, at least 0
   * @return this writer
   * @throws InvalidInputException if the key is taken or is none, or the number is negative
   */
  public GgufWriter put(String key, int value) {
    if (value < 0) {
      throw new InvalidInputException("the value of " + key + " must not be negative: " + value);
    }
    return put(key, GgufValue.Type.UINT32, new Bytes().number(value));
  }

  /**
   * Adds a floating-point number of 32 bits.
   *
   * @param key its key, unlike all others: printable ASCII
   * @param value the number
   * @return this writer
   * @throws InvalidInputException if the key is taken or is none
   */
  public GgufWriter put(String key, float value) {
    return put(key, GgufValue.Type.FLOAT32, new Bytes().number(Float.floatToRawIntBits(value)));
  }

  /**
   * Adds a truth value.
   *
   * @param key its key, unlike all others: printable ASCII
   * @param value the value
   * @return this writer
   * @throws InvalidInputException if the key is taken or is none
   */
  public GgufWriter put(String key, boolean value) {
    return put(key, GgufValue.Type.BOOL, new Bytes().octet(value ? 1 : 0));
  }

  /**
   * Adds an array of texts, for example a vocabulary.
   *
   * @param key its key, unlike all others: printable ASCII
   * @param values the texts
   * @return this writer
   * @throws InvalidInputException if the key is taken or is none
   */
  public GgufWriter put(String key, List<String> values) {
    Bytes bytes = new Bytes().number(GgufValue.Type.STRING.number());
    bytes.length(Checks.notNull(values, "the values of " + key).size());
    values.forEach(value -> bytes.text(Checks.notNull(value, "a value of " + key)));
    return put(key, GgufValue.Type.ARRAY, bytes);
  }

  /**
   * Adds an array of signed whole numbers of 32 bits, for example the kinds of a vocabulary's
   * tokens.
   *
   * @param key its key, unlike all others: printable ASCII
   * @param values the numbers
   * @return this writer
   * @throws InvalidInputException if the key is taken or is none
   */
  public GgufWriter put(String key, int[] values) {
    Bytes bytes = new Bytes().number(GgufValue.Type.INT32.number());
    bytes.length(Checks.notNull(values, "the values of " + key).length);
    for (int value : values) {
      bytes.number(value);
    }
    return put(key, GgufValue.Type.ARRAY, bytes);
  }

  private GgufWriter put(String key, GgufValue.Type type, Bytes value) {
    checkKey(key);
    byte[] bytes = new Bytes().text(key).number(type.number()).append(value).toArray();
    if (entries.putIfAbsent(key, bytes) != null) {
      throw new InvalidInputException("there is already a value for the key '" + key + "'");
    }
    return this;
  }

  private static void checkKey(String key) {
    Checks.notBlank(key, "key");
    if (key.length() > GgufHeader.LONGEST_KEY
        || key.chars().anyMatch(letter -> letter <= ' ' || letter > '~')) {
      throw new InvalidInputException(
          "GGUF cannot have the key '"
              + key
              + "': keys are of printable ASCII characters without blanks, at most "
              + GgufHeader.LONGEST_KEY);
    }
    if (key.equals(GgufHeader.ALIGNMENT)) {
      throw new InvalidInputException(key + " is always " + GgufHeader.DEFAULT_ALIGNMENT);
    }
  }

  /**
   * Adds a tensor.
   *
   * @param name its name, unlike all others, of at most 63 bytes
   * @param array the tensor or view, of 1 to 4 axes; it must live and keep its content until {@link
   *     #write(Path)} returns. The file lists its axes in reverse
   * @param type how its elements are to be stored: any of F64, F32, F16 and BF16 for floating-point
   *     numbers, else the type that {@link TensorType#of} gives for the array
   * @return this writer
   * @throws InvalidInputException if the name is taken or too long, or the array cannot be stored
   *     so
   */
  public GgufWriter add(String name, INDArray array, TensorType type) {
    StoredTensor tensor = StoredTensor.of(name, array, type);
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length < 1 || length > LONGEST_NAME) {
      throw new InvalidInputException(
          "tensor '" + name + "': GGUF names have 1 to " + LONGEST_NAME + " bytes, not " + length);
    }
    if (array.rank() < 1 || array.rank() > GgufHeader.MOST_DIMENSIONS) {
      throw new InvalidInputException(
          "tensor '" + name + "': GGUF tensors have 1 to 4 axes, not " + array.rank());
    }
    if (GgufTensorTypes.numberOf(type).isEmpty()) {
      throw new InvalidInputException("tensor '" + name + "': GGUF has no type " + type);
    }
    StoredTensor.addTo(tensors, tensor);
    return this;
  }

  /**
   * Writes all that was added.
   *
   * @param file where to; it appears whole or not at all
   * @throws io.github.dnd4j.FileAccessException if the file cannot be written
   */
  public void write(Path file) {
    Checks.notNull(file, "file");
    ByteBuffer header = ByteBuffer.wrap(header());
    AtomicFiles.writeFile(
        file,
        temporary -> {
          try (FileChannel channel =
              FileChannel.open(
                  temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            StoredTensor.writeFully(channel, header);
            for (StoredTensor tensor : tensors.values()) {
              tensor.write(channel);
              StoredTensor.writeFully(channel, padding(tensor.info().bytes()));
            }
          }
        });
  }

  private byte[] header() {
    Bytes bytes = new Bytes().number(GgufHeader.MAGIC).number(GgufHeader.NEWEST_VERSION);
    bytes.length(tensors.size()).length(entries.size());
    entries.values().forEach(bytes::append);
    long at = 0;
    for (StoredTensor tensor : tensors.values()) {
      putInfo(bytes, tensor.info(), at);
      long size = tensor.info().bytes();
      at = Math.addExact(at, size + padding(size).remaining());
    }
    return bytes.append(padding(bytes.size()).array()).toArray();
  }

  private static void putInfo(Bytes bytes, TensorInfo info, long begin) {
    List<Long> shape = info.shape();
    bytes.text(info.name()).number(shape.size());
    for (int axis = shape.size() - 1; axis >= 0; axis--) {
      bytes.length(shape.get(axis));
    }
    bytes.number(GgufTensorTypes.numberOf(info.type()).orElseThrow()).length(begin);
  }

  /** The zeros that follow so many bytes. */
  private static ByteBuffer padding(long bytes) {
    return ByteBuffer.allocate(Math.floorMod(-bytes, GgufHeader.DEFAULT_ALIGNMENT));
  }

  /** Little-endian bytes that grow. */
  private static final class Bytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Bytes octet(int value) {
      bytes.write(value);
      return this;
    }

    Bytes number(int value) {
      return append(
          ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    Bytes length(long value) {
      return append(
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    Bytes text(String value) {
      byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
      return length(utf8.length).append(utf8);
    }

    Bytes append(Bytes other) {
      return append(other.toArray());
    }

    Bytes append(byte[] other) {
      bytes.writeBytes(other);
      return this;
    }

    int size() {
      return bytes.size();
    }

    byte[] toArray() {
      return bytes.toByteArray();
    }
  }
}
