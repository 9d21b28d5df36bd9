package io.github.dnd4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes safetensors files. Tensors go to the file in pieces, in the order in which they were added
 * and without a copy of a whole one, so that they may be larger than the memory that is left. The
 * same tensors and metadata give the same bytes.
 *
 * <pre>{@code
 * SafetensorsWriter.write(Path.of("adapter.safetensors"), tensors, TensorType.BF16, Map.of());
 * }</pre>
 *
 * <p>Numbers are rounded to the nearest, ties to even, where the file's type has fewer bits.
 */
public final class SafetensorsWriter {

  private static final int ALIGNMENT = 8;

  private final Map<String, StoredTensor> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new TreeMap<>();

  /** Creates a writer without tensors. */
  public SafetensorsWriter() {}

  /**
   * Writes tensors to a file: those of floating-point numbers in one type, the others as they are.
   *
   * @param file where to; it appears whole or not at all
   * @param tensors the tensors, any views among them, in the order in which they are written
   * @param type F64, F32, F16 or BF16
   * @param metadata free text for the header
   * @throws InvalidInputException if a tensor cannot be stored
   * @throws io.github.dnd4j.FileAccessException if the file cannot be written
   */
  public static void write(
      Path file, Map<String, INDArray> tensors, TensorType type, Map<String, String> metadata) {
    SafetensorsWriter writer = new SafetensorsWriter();
    Checks.notNull(type, "type");
    Checks.notNull(tensors, "tensors")
        .forEach(
            (name, array) -> {
              TensorType own = StoredTensor.typeOf(name, array);
              writer.add(name, array, own.isFloating() ? type : own);
            });
    writer.metadata(metadata).write(file);
  }

  /**
   * Adds a tensor.
   *
   * @param name its name, unlike all others
   * @param array the tensor or view; it must live and keep its content until {@link #write(Path)}
   *     returns
   * @param type how its elements are to be stored: any of F64, F32, F16 and BF16 for floating-point
   *     numbers, else the type that {@link TensorType#of} gives for the array
   * @return this writer
   * @throws InvalidInputException if the name is taken or the array cannot be stored so
   */
  public SafetensorsWriter add(String name, INDArray array, TensorType type) {
    return add(StoredTensor.of(name, array, type));
  }

  /**
   * Adds a tensor of an open file, which is read only when its turn to be written comes: memory is
   * needed for the largest one, not for all.
   *
   * @param file the file; it must stay open until {@link #write(Path)} returns
   * @param name the tensor's name in the file, unlike all others that were added
   * @param type how its elements are to be stored: any of F64, F32, F16 and BF16 for floating-point
   *     numbers, else the type that it has in the file
   * @return this writer
   * @throws InvalidInputException if the file has no such tensor, or the name is taken, or the
   *     tensor cannot be stored so
   */
  public SafetensorsWriter add(TensorFile file, String name, TensorType type) {
    return add(StoredTensor.of(file, name, type));
  }

  private SafetensorsWriter add(StoredTensor tensor) {
    if (tensor.info().name().equals(SafetensorsHeader.METADATA)) {
      throw new InvalidInputException(
          "a tensor cannot be named " + SafetensorsHeader.METADATA + ": the format uses it");
    }
    StoredTensor.addTo(entries, tensor);
    return this;
  }

  /**
   * Adds free text to the header.
   *
   * @param entries the texts by key
   * @return this writer
   */
  public SafetensorsWriter metadata(Map<String, String> entries) {
    Checks.notNull(entries, "metadata")
        .forEach(
            (key, value) ->
                metadata.put(
                    Checks.notNull(key, "metadata key"), Checks.notNull(value, "metadata " + key)));
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
    ByteBuffer header = header();
    AtomicFiles.writeFile(
        file,
        temporary -> {
          try (FileChannel channel =
              FileChannel.open(
                  temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            StoredTensor.writeFully(channel, header);
            for (StoredTensor entry : entries.values()) {
              entry.write(channel);
            }
          }
        });
  }

  private ByteBuffer header() {
    byte[] json = json();
    int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (padded > SafetensorsFile.LONGEST_HEADER) {
      throw new InvalidInputException(
          "the header would have "
              + padded
              + " bytes, at most "
              + SafetensorsFile.LONGEST_HEADER
              + " are allowed: shorten the metadata");
    }
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    header.put(json);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long at = 0;
      for (StoredTensor entry : entries.values()) {
        writeInfo(json, entry.info(), at);
        at = Math.addExact(at, entry.info().bytes());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void writeInfo(JsonGenerator json, TensorInfo info, long begin)
      throws IOException {
    json.writeObjectFieldStart(info.name());
    json.writeStringField("dtype", info.type().name());
    long[] shape = info.dimensions();
    json.writeFieldName("shape");
    json.writeArray(shape, 0, shape.length);
    json.writeFieldName("data_offsets");
    json.writeArray(new long[] {begin, begin + info.bytes()}, 0, 2);
    json.writeEndObject();
  }
}
