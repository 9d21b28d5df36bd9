package io.github.dnd4j.io;

import io.github.dnd4j.FileFormatException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The header of a GGUF file, parsed and checked against the size of the file. */
final class GgufHeader {

  /** The first bytes, {@code GGUF}, as a little-endian number. */
  static final int MAGIC = 0x46554747;

  static final String ALIGNMENT = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;
  static final int SMALLEST_ALIGNMENT = 8;
  static final int LARGEST_ALIGNMENT = 1 << 16;

  static final int OLDEST_VERSION = 2;
  static final int NEWEST_VERSION = 3;

  /** The largest models have some thousand tensors and fewer than a hundred keys. */
  static final int MOST_TENSORS = 1 << 17;

  static final int MOST_KEYS = 1 << 16;

  static final int LONGEST_KEY = 65_535;
  static final int LONGEST_TEXT = 1 << 24;
  static final int LONGEST_NAME = 64;
  static final int MOST_DIMENSIONS = 4;

  private record Place(TensorInfo info, long begin) {
    long end() {
      return begin + info.bytes();
    }
  }

  private final GgufInput input;
  private final int mostTensors;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final Map<String, Place> places = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private int alignment = DEFAULT_ALIGNMENT;
  private long dataStart;

  private GgufHeader(GgufInput input, int mostTensors) {
    this.input = input;
    this.mostTensors = mostTensors;
  }

  static GgufHeader parse(Path path, FileChannel channel, ReadLimits limits) throws IOException {
    GgufInput input = new GgufInput(path, channel, limits.headerBytes());
    GgufHeader header = new GgufHeader(input, Math.min(MOST_TENSORS, limits.tensors()));
    try {
      header.parse();
    } catch (EOFException e) {
      throw new FileFormatException(path + " became shorter while its header was read", e);
    }
    return header;
  }

  Map<String, GgufValue> values() {
    return Collections.unmodifiableMap(values);
  }

  Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** Where in the file a tensor's elements begin. */
  long position(String name) {
    return dataStart + places.get(name).begin();
  }

  private void parse() throws IOException {
    if (input.size() < Integer.BYTES || input.readInt("the start") != MAGIC) {
      throw input.broken("this is no GGUF file: it does not begin with GGUF");
    }
    checkVersion(input.readInt("the version"));
    long tensorCount = readCount("tensors", mostTensors);
    long keyCount = readCount("keys", MOST_KEYS);
    for (long i = 0; i < keyCount; i++) {
      readKey("key " + (i + 1) + " of " + keyCount);
    }
    alignment = alignment();
    for (long i = 0; i < tensorCount; i++) {
      readTensor("tensor " + (i + 1) + " of " + tensorCount);
    }
    dataStart = aligned(input.position());
    checkLayout();
  }

  private void checkVersion(int version) {
    if ((version & 0xffff) == 0) {
      throw input.broken("it is a big-endian GGUF file, but only little-endian ones can be read");
    }
    if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
      throw input.broken(
          "it has version "
              + Integer.toUnsignedString(version)
              + " of the GGUF format, but only "
              + OLDEST_VERSION
              + " and "
              + NEWEST_VERSION
              + " can be read");
    }
  }

  private long readCount(String what, int most) throws IOException {
    long count = input.readLong("the number of " + what);
    if (count < 0 || count > most) {
      throw input.broken(
          "its header says that it has "
              + Long.toUnsignedString(count)
              + " "
              + what
              + ", at most "
              + most
              + " are allowed");
    }
    return count;
  }

  private void readKey(String place) throws IOException {
    String key = input.readString(LONGEST_KEY, place);
    if (key.isEmpty()) {
      throw input.broken(place + " is empty");
    }
    String what = "the value of '" + key + "'";
    if (values.put(key, readValue(readType(what), what)) != null) {
      throw input.broken("the key '" + key + "' occurs twice");
    }
  }

  private GgufValue.Type readType(String what) throws IOException {
    int number = input.readInt(what);
    return GgufValue.Type.of(number)
        .orElseThrow(
            () -> input.broken(what + " has the unknown type " + Integer.toUnsignedString(number)));
  }

  private GgufValue readValue(GgufValue.Type type, String what) throws IOException {
    Object content =
        switch (type) {
          case UINT8 -> (long) Byte.toUnsignedInt(input.readByte(what));
          case INT8 -> (long) input.readByte(what);
          case UINT16 -> (long) Short.toUnsignedInt(input.readShort(what));
          case INT16 -> (long) input.readShort(what);
          case UINT32 -> Integer.toUnsignedLong(input.readInt(what));
          case INT32 -> (long) input.readInt(what);
          case UINT64, INT64 -> input.readLong(what);
          case FLOAT32 -> Float.intBitsToFloat(input.readInt(what));
          case FLOAT64 -> Double.longBitsToDouble(input.readLong(what));
          case BOOL -> readBoolean(what);
          case STRING -> input.readString(LONGEST_TEXT, what);
          case ARRAY -> skipArray(what);
        };
    return new GgufValue(type, content);
  }

  private boolean readBoolean(String what) throws IOException {
    byte value = input.readByte(what);
    if (value != 0 && value != 1) {
      throw input.broken(what + " must be 0 or 1, but is " + Byte.toUnsignedInt(value));
    }
    return value == 1;
  }

  private GgufValue.Array skipArray(String what) throws IOException {
    GgufValue.Type element = readType(what);
    long length = input.readLong(what);
    if (element == GgufValue.Type.ARRAY) {
      throw input.broken(what + " is an array of arrays, which no known model has");
    }
    long smallest = element == GgufValue.Type.STRING ? Long.BYTES : element.width();
    if (length < 0 || length > input.remaining() / smallest) {
      throw input.broken(
          what
              + " is an array of "
              + Long.toUnsignedString(length)
              + " elements, but only "
              + input.remaining()
              + " bytes follow");
    }
    if (element != GgufValue.Type.STRING) {
      input.skip(length * smallest, what);
    } else {
      for (long i = 0; i < length; i++) {
        input.skipString(LONGEST_TEXT, what);
      }
    }
    return new GgufValue.Array(element, length);
  }

  private int alignment() {
    GgufValue value = values.get(ALIGNMENT);
    if (value == null) {
      return DEFAULT_ALIGNMENT;
    }
    if (value.type() != GgufValue.Type.UINT32
        || (long) value.content() < SMALLEST_ALIGNMENT
        || (long) value.content() > LARGEST_ALIGNMENT
        || Long.bitCount((long) value.content()) != 1) {
      throw input.broken(
          ALIGNMENT
              + " must be a UINT32 and a power of two from "
              + SMALLEST_ALIGNMENT
              + " to "
              + LARGEST_ALIGNMENT
              + ", but is the "
              + value.type()
              + " "
              + value.text());
    }
    return ((Long) value.content()).intValue();
  }

  private void readTensor(String place) throws IOException {
    String name = input.readString(LONGEST_NAME, "the name of " + place);
    if (name.isEmpty()) {
      throw input.broken("the name of " + place + " is empty");
    }
    String what = "tensor '" + name + "'";
    List<Long> shape = readShape(what);
    int number = input.readInt(what);
    TensorType type =
        GgufTensorTypes.of(number)
            .orElseThrow(
                () ->
                    input.broken(
                        what + " has the unknown type " + Integer.toUnsignedString(number)));
    Place tensor = new Place(info(name, type, shape), input.readLong(what));
    checkPlace(what, tensor);
    if (places.put(name, tensor) != null) {
      throw input.broken("there are two tensors '" + name + "'");
    }
    tensors.put(name, tensor.info());
  }

  private TensorInfo info(String name, TensorType type, List<Long> shape) {
    try {
      return new TensorInfo(name, type, shape);
    } catch (FileFormatException e) {
      throw input.broken(e.getMessage());
    }
  }

  /** GGUF lists the axis first that varies fastest, which is the last of a shape. */
  private List<Long> readShape(String what) throws IOException {
    int dimensions = input.readInt(what);
    if (dimensions < 0 || dimensions > MOST_DIMENSIONS) {
      throw input.broken(
          what
              + " has "
              + Integer.toUnsignedString(dimensions)
              + " dimensions, at most "
              + MOST_DIMENSIONS
              + " are allowed");
    }
    Long[] shape = new Long[dimensions];
    for (int i = dimensions - 1; i >= 0; i--) {
      shape[i] = input.readLong(what);
    }
    return Arrays.asList(shape);
  }

  private void checkPlace(String what, Place tensor) {
    if (tensor.begin() < 0 || tensor.begin() % alignment != 0) {
      throw input.broken(
          what
              + " begins at byte "
              + Long.toUnsignedString(tensor.begin())
              + " of the data, which is no multiple of the alignment "
              + alignment);
    }
    long bytes = tensor.info().bytes();
    if (bytes > input.size() || tensor.begin() > input.size() - bytes) {
      throw input.broken(
          what
              + " of type "
              + tensor.info().type()
              + " and shape "
              + tensor.info().shape()
              + " takes "
              + bytes
              + " bytes from byte "
              + tensor.begin()
              + " of the data on, but the whole file has only "
              + input.size()
              + ": it is cut off");
    }
  }

  private void checkLayout() {
    List<Place> sorted = new ArrayList<>(places.values());
    sorted.sort(Comparator.comparingLong(Place::begin).thenComparingLong(Place::end));
    long at = 0;
    for (Place tensor : sorted) {
      if (tensor.begin() != aligned(at)) {
        throw input.broken(
            "tensor '"
                + tensor.info().name()
                + "' begins at byte "
                + tensor.begin()
                + " of the data, but the one before it ends at "
                + at
                + ": "
                + (tensor.begin() < at ? "they overlap" : "there is a gap"));
      }
      at = tensor.end();
      if (dataStart + at > input.size()) {
        throw input.broken(
            "tensor '"
                + tensor.info().name()
                + "' ends at byte "
                + (dataStart + at)
                + ", but the file has only "
                + input.size()
                + ": it is cut off");
      }
    }
    if (input.size() > dataStart + aligned(at)) {
      throw input.broken(
          "the tensors end at byte "
              + (dataStart + at)
              + ", but the file has "
              + input.size()
              + ": something follows them");
    }
  }

  private long aligned(long position) {
    return (position + alignment - 1) / alignment * alignment;
  }
}
