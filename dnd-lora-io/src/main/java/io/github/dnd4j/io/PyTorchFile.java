package io.github.dnd4j.io;

import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.internal.Checks;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.bytedeco.javacpp.BytePointer;

/**
 * A PyTorch checkpoint ({@code .pt}, {@code .pth}, {@code .bin}), open for reading: what {@code
 * torch.save} has written since PyTorch 1.6.
 *
 * <ul>
 *   <li>Dicts, lists and tuples in each other are flattened, their keys and indices joined with
 *       dots: {@code {"model": {"bias": t}}} holds the tensor {@code model.bias}.
 *   <li>A tensor that was saved alone is named {@value #SINGLE}.
 *   <li>Texts, numbers and truth values among the tensors become {@link #metadata()}.
 *   <li>Views are read in the order of their elements, whatever their strides in the file.
 * </ul>
 *
 * <p>A checkpoint is a pickle, hence a program; here it cannot run. Only the few functions that
 * state dicts are built with are known, and they build tensors and dicts; a file that asks for any
 * other is refused with its name.
 */
public final class PyTorchFile extends OpenTensorFile {

  /** The name of a tensor that was saved alone. */
  public static final String SINGLE = "tensor";

  private static final int LARGEST_PICKLE = 32 << 20;
  private static final int LONGEST_BYTEORDER = 16;

  /** A value takes a byte of the pickle, unless the dict that it is in stands in several places. */
  private static final int SHARED_VALUES = 1024;

  /** Characters that names and texts may have for each byte of the pickle, and in any case. */
  private static final int TEXT_PER_BYTE = 32;

  private static final long SMALL_TEXT = 1 << 20;

  private static final int DEEPEST_NESTING = 64;
  private static final int LONGEST_NAME = 4096;

  /** Deflate cannot compress better than this. */
  private static final long BEST_COMPRESSION = 1032;

  /** A smaller pickle may be larger than the file, if it is compressed. */
  private static final int SMALL_PICKLE = 1 << 16;

  /**
   * Views share the bytes of their storage, or repeat them. All together may take this many times
   * the bytes of the file, and {@link #SMALL_TENSORS} in any case.
   */
  private static final long MOST_SHARED = 8;

  private static final long SMALL_TENSORS = 8 << 20;

  private static final int PIECE = 1 << 18;
  private static final int RAW_PIECE = 1 << 24;

  /** How files of PyTorch before 1.6 begin: a pickle of protocol 2 with a number of 10 bytes. */
  private static final byte[] LEGACY = {(byte) 0x80, 2, (byte) 0x8a, 10};

  private static final byte[] ZIP = {'P', 'K', 3, 4};

  private final ZipFile zip;
  private final Map<String, StatePickle.View> views = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors;
  private final Map<String, String> metadata = new TreeMap<>();
  private final String root;
  private final ReadLimits limits;
  private final long size;
  private long valuesLeft;
  private long textLeft;
  private long bytesLeft;

  private PyTorchFile(Path path, ZipFile zip, ReadLimits limits) throws IOException {
    this(path, zip, limits, new LinkedHashMap<>());
  }

  private PyTorchFile(Path path, ZipFile zip, ReadLimits limits, Map<String, TensorInfo> tensors)
      throws IOException {
    super(path, zip, tensors);
    this.zip = zip;
    this.tensors = tensors;
    this.limits = limits;
    this.size = Files.size(path);
    this.bytesLeft = mostBytes();
    ZipEntry pickle = findPickle();
    this.root = pickle.getName().substring(0, pickle.getName().length() - "data.pkl".length());
    checkByteOrder();
    byte[] bytes = contentOf(pickle, largestPickle());
    this.valuesLeft = (long) bytes.length + SHARED_VALUES;
    this.textLeft = (long) bytes.length * TEXT_PER_BYTE + SMALL_TEXT;
    Object content = StatePickle.read(path.toString(), bytes);
    if (content instanceof StatePickle.View view) {
      addTensor(SINGLE, view);
    } else {
      flatten("", content, 0);
    }
    if (tensors.isEmpty()) {
      throw broken("it holds no tensors");
    }
  }

  /**
   * Opens a checkpoint and reads its list of tensors.
   *
   * @param path the file; its content is not trusted
   * @return the open file; the caller closes it
   * @throws FileAccessException if it is missing or unreadable
   * @throws FileFormatException if it is no such checkpoint, is broken, or asks for code to be run
   */
  public static PyTorchFile open(Path path) {
    return open(path, ReadLimits.defaults());
  }

  @SuppressWarnings("resource") // the opened file owns the zip file
  static PyTorchFile open(Path path, ReadLimits limits) {
    Checks.notNull(path, "path");
    ZipFile zip = null;
    try {
      byte[] start = startOf(path);
      if (isLegacy(start)) {
        throw new FileFormatException(
            path
                + " has the format of PyTorch before 1.6: convert it with"
                + " torch.save(torch.load(FILE, weights_only=True), NEW_FILE)");
      }
      zip = new ZipFile(path.toFile());
      PyTorchFile file = new PyTorchFile(path, zip, limits);
      zip = null;
      return file;
    } catch (ZipException | EOFException e) {
      throw new FileFormatException(
          path + " is no PyTorch checkpoint, or cut off: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new FileAccessException(
          "cannot read " + path + ": " + e + ". Check that the file exists and may be read", e);
    } finally {
      closeQuietly(zip);
    }
  }

  /** Whether a file's first bytes are a checkpoint's. A safetensors header begins at byte 8. */
  static boolean recognizes(byte[] start) {
    boolean zip = Arrays.mismatch(start, ZIP) == ZIP.length;
    return isLegacy(start) || (zip && start.length > Long.BYTES && start[Long.BYTES] != '{');
  }

  /** A file's first bytes, as many as {@link #recognizes} looks at. */
  static byte[] startOf(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(Long.BYTES + 1);
    }
  }

  private static boolean isLegacy(byte[] start) {
    return Arrays.mismatch(start, LEGACY) == LEGACY.length;
  }

  private long mostBytes() {
    return MOST_SHARED * size + SMALL_TENSORS;
  }

  private long largestPickle() {
    return Math.min(Math.min(LARGEST_PICKLE, limits.headerBytes()), Math.max(size, SMALL_PICKLE));
  }

  private ZipEntry findPickle() {
    List<? extends ZipEntry> found =
        zip.stream().filter(entry -> entry.getName().matches("[^/]+/data\\.pkl")).toList();
    if (found.size() != 1) {
      throw broken("a PyTorch checkpoint has one data.pkl, but this zip file has " + found.size());
    }
    return found.get(0);
  }

  private void checkByteOrder() throws IOException {
    ZipEntry entry = zip.getEntry(root + "byteorder");
    if (entry == null) {
      return; // Files before PyTorch 2 do not say; all that are in use are little-endian.
    }
    String order = new String(contentOf(entry, LONGEST_BYTEORDER), StandardCharsets.UTF_8).strip();
    if (!order.equals("little")) {
      throw broken("its byte order is '" + order + "', but only 'little' can be read");
    }
  }

  private byte[] contentOf(ZipEntry entry, long limit) throws IOException {
    if (entry.getSize() > limit) {
      throw broken(
          entry.getName()
              + " has "
              + entry.getSize()
              + " bytes, at most "
              + limit
              + " are allowed");
    }
    checkSize(entry);
    try (InputStream in = zip.getInputStream(entry)) {
      return in.readNBytes((int) entry.getSize());
    }
  }

  /** Whether an entry can have the size that it claims: memory is allocated by it later. */
  private void checkSize(ZipEntry entry) {
    long content = entry.getSize();
    long stored = entry.getCompressedSize();
    boolean possible =
        content >= 0
            && stored >= 0
            && stored <= size
            && (entry.getMethod() == ZipEntry.STORED
                ? content == stored
                : content / BEST_COMPRESSION <= stored);
    if (!possible) {
      throw broken(
          entry.getName()
              + " cannot have "
              + content
              + " bytes of content in "
              + stored
              + " bytes");
    }
    if (content > mostBytes()) {
      throw broken(
          entry.getName()
              + " has "
              + content
              + " bytes, far more than the file of "
              + size
              + ": if that is meant so, save it uncompressed");
    }
  }

  private void flatten(String name, Object value, int depth) {
    valuesLeft--;
    textLeft -= name.length();
    if (valuesLeft < 0 || textLeft < 0) {
      throw broken(
          "it has dicts that stand in many places, so that its pickle becomes far more values or"
              + " text than it has bytes");
    }
    if (depth > DEEPEST_NESTING || name.length() > LONGEST_NAME) {
      throw broken(
          "it holds names of more than "
              + LONGEST_NAME
              + " characters, or dicts nested more than "
              + DEEPEST_NESTING
              + " deep or in themselves");
    }
    if (value instanceof Map<?, ?> dict) {
      for (Map.Entry<?, ?> entry : dict.entrySet()) {
        flatten(join(name, entry.getKey()), entry.getValue(), depth + 1);
      }
    } else if (value instanceof Object[] tuple) {
      flattenAll(name, Arrays.asList(tuple), depth);
    } else if (value instanceof List<?> list) {
      flattenAll(name, list, depth);
    } else if (value instanceof StatePickle.View view) {
      addTensor(name, view);
    } else if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      String text = value.toString();
      textLeft -= text.length();
      metadata.put(name, text);
    }
  }

  private void flattenAll(String name, List<?> values, int depth) {
    for (int i = 0; i < values.size(); i++) {
      flatten(join(name, i), values.get(i), depth + 1);
    }
  }

  private static String join(String name, Object key) {
    return name.isEmpty() ? key.toString() : name + "." + key;
  }

  private void addTensor(String name, StatePickle.View view) {
    if (tensors.size() == limits.tensors()) {
      throw broken("it holds more than " + limits.tensors() + " tensors");
    }
    TensorInfo info;
    try {
      info = new TensorInfo(name, view.storage().type(), view.shape());
      checkBounds(info, view);
    } catch (FileFormatException e) {
      throw broken(e.getMessage());
    } catch (ArithmeticException e) {
      throw broken("tensor '" + name + "' cannot exist: " + view);
    }
    if (tensors.putIfAbsent(name, info) != null) {
      throw broken("it holds two tensors named '" + name + "'");
    }
    views.put(name, view);
  }

  private void checkBounds(TensorInfo info, StatePickle.View view) {
    String tensor = "tensor '" + info.name() + "' ";
    StatePickle.Storage storage = view.storage();
    ZipEntry entry = zip.getEntry(root + "data/" + storage.key());
    if (entry == null) {
      throw new FileFormatException(
          tensor + "is in the storage '" + storage.key() + "', which is missing");
    }
    checkSize(entry);
    if (Math.multiplyExact(storage.length(), storage.type().width()) > entry.getSize()) {
      throw new FileFormatException(
          tensor
              + "is in the storage '"
              + storage.key()
              + "', which should have "
              + storage.length()
              + " elements of type "
              + storage.type()
              + ", but has "
              + entry.getSize()
              + " bytes");
    }
    if (Math.addExact(view.offset(), extent(view)) > storage.length()) {
      throw new FileFormatException(
          tensor
              + "reaches beyond the end of its storage: offset "
              + view.offset()
              + ", shape "
              + view.shape()
              + " and strides "
              + view.strides()
              + " in "
              + storage.length()
              + " elements");
    }
    if (info.bytes() > bytesLeft) {
      throw new FileFormatException(
          tensor
              + "repeats the elements of its storage or of others: with it the tensors would take"
              + " more than "
              + mostBytes()
              + " bytes, but the file has only "
              + size);
    }
    bytesLeft -= info.bytes();
  }

  /** How many elements of its storage a view reaches over. */
  private static long extent(StatePickle.View view) {
    long last = 0;
    for (int axis = 0; axis < view.shape().size(); axis++) {
      long size = view.shape().get(axis);
      if (size == 0) {
        return 0;
      }
      last = Math.addExact(last, Math.multiplyExact(size - 1, view.strides().get(axis)));
    }
    return Math.addExact(last, 1);
  }

  @Override
  ByteSource source(TensorInfo info) throws IOException {
    StatePickle.View view = views.get(info.name());
    int width = info.type().width();
    InputStream in = open(view.storage());
    try {
      in.skipNBytes(view.offset() * width);
      long[] strides = view.strides().stream().mapToLong(Long::longValue).toArray();
      if (StridedSource.isContiguous(info.dimensions(), strides)) {
        return streamed(in, info.bytes());
      }
      try (in) {
        long extent = extent(view);
        return gathered(streamed(in, extent * width), extent, info, strides);
      }
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private InputStream open(StatePickle.Storage storage) throws IOException {
    try {
      return zip.getInputStream(zip.getEntry(root + "data/" + storage.key()));
    } catch (IllegalStateException e) {
      throw new IOException("the file is closed", e);
    }
  }

  private static ByteSource streamed(InputStream in, long bytes) {
    return new ByteSource() {
      private final byte[] piece = new byte[(int) Math.min(PIECE, bytes)];

      @Override
      public void read(ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
          int count = in.read(piece, 0, Math.min(piece.length, target.remaining()));
          if (count < 0) {
            throw new EOFException("the storage ends early");
          }
          target.put(piece, 0, count);
        }
      }

      @Override
      public void close() throws IOException {
        in.close();
      }
    };
  }

  /**
   * Reads the part of the storage that the view reaches over, and picks the elements from there.
   */
  private ByteSource gathered(ByteSource in, long extent, TensorInfo info, long[] strides)
      throws IOException {
    int width = info.type().width();
    long bytes = extent * width;
    BytePointer memory =
        TensorMemory.allocate(
            bytes, path() + ": tensor '" + info.name() + "'", () -> new BytePointer(bytes));
    try {
      for (long at = 0; at < bytes; at += RAW_PIECE) {
        in.read(TensorMemory.window(memory, at, (int) Math.min(RAW_PIECE, bytes - at)));
      }
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
    StridedSource view = new StridedSource(memory, width, info.dimensions(), strides);
    return new ByteSource() {
      @Override
      public void read(ByteBuffer target) throws IOException {
        view.read(target);
      }

      @Override
      public void close() {
        memory.close();
      }
    };
  }

  private FileFormatException broken(String what) {
    return new FileFormatException(path() + ": " + what);
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }
}
