package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A GGUF file of version 2 or 3, open for reading: a model or an adapter of llama.cpp. Opening
 * checks the whole header: counts, lengths and types, that no key and no tensor occurs twice, that
 * the tensors lie one after the other without overlap or gap and end with the file. After that no
 * tensor can ask for more memory than the file has bytes (twice that for 16-bit types, which become
 * float32).
 *
 * <p>Shapes are as PyTorch has them, the axis last that varies fastest; GGUF itself lists it first.
 * Tensors of quantized types are listed, but cannot be read. Format:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 */
public final class GgufFile extends OpenTensorFile {

  private static final byte[] START = {'G', 'G', 'U', 'F'};

  private final FileChannel channel;
  private final GgufHeader header;

  private GgufFile(Path path, FileChannel channel, GgufHeader header) {
    super(path, channel, header.tensors());
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param path the file; its content is not trusted
   * @return the open file; the caller closes it
   * @throws FileAccessException if it is missing or unreadable
   * @throws FileFormatException if its header breaks a rule of the format
   */
  public static GgufFile open(Path path) {
    return open(path, ReadLimits.defaults());
  }

  @SuppressWarnings("resource") // the opened file owns the channel
  static GgufFile open(Path path, ReadLimits limits) {
    Checks.notNull(path, "path");
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      GgufFile file = new GgufFile(path, channel, GgufHeader.parse(path, channel, limits));
      channel = null;
      return file;
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + path + ": " + e + ". Check that the file exists and may be read", e);
    } finally {
      closeQuietly(channel);
    }
  }

  /** Whether a file's first bytes are a GGUF file's. */
  static boolean recognizes(byte[] start) {
    return start.length >= START.length && Arrays.equals(Arrays.copyOf(start, START.length), START);
  }

  /**
   * The file's metadata, as text: numbers in decimal, and of an array, such as a vocabulary, only
   * the length and type.
   *
   * @return the entries, sorted by key
   */
  @Override
  public Map<String, String> metadata() {
    Map<String, String> texts = new TreeMap<>();
    header.values().forEach((key, value) -> texts.put(key, value.text()));
    return Collections.unmodifiableMap(texts);
  }

  Map<String, GgufValue> values() {
    return header.values();
  }

  @Override
  ByteSource source(TensorInfo info) {
    return ByteSource.of(channel, header.position(info.name()));
  }
}
