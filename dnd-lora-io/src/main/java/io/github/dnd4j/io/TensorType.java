package io.github.dnd4j.io;

import io.github.dnd4j.lora.WeightPrecision;
import java.util.Arrays;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;

/** How the elements of a tensor are stored in a file, little-endian. */
public enum TensorType {
  /** IEEE double precision; read as DOUBLE. */
  F64(8, DataType.DOUBLE),
  /** IEEE single precision; read as FLOAT. */
  F32(4, DataType.FLOAT),
  /** IEEE half precision; read as FLOAT. */
  F16(2, DataType.FLOAT16),
  /** bfloat16, the upper half of an F32; read as FLOAT. */
  BF16(2, DataType.BFLOAT16),
  /** Signed 64-bit integer; read as LONG. */
  I64(8, DataType.INT64),
  /** Signed 32-bit integer; read as INT. */
  I32(4, DataType.INT32),
  /** Signed 16-bit integer; read as SHORT. */
  I16(2, DataType.INT16),
  /** Signed 8-bit integer; read as BYTE. */
  I8(1, DataType.INT8),
  /** Unsigned 64-bit integer; read as UINT64. */
  U64(8, DataType.UINT64),
  /** Unsigned 32-bit integer; read as UINT32. */
  U32(4, DataType.UINT32),
  /** Unsigned 16-bit integer; read as UINT16. */
  U16(2, DataType.UINT16),
  /** Unsigned 8-bit integer; read as UBYTE. */
  U8(1, DataType.UINT8),
  /** A truth value in a byte, 0 or 1; read as BOOL. */
  BOOL(1, DataType.BOOL),
  /** 8-bit float of 4 exponent and 3 mantissa bits; files may hold it, but it cannot be read. */
  F8_E4M3(1, DataType.UNKNOWN),
  /** 8-bit float of 5 exponent and 2 mantissa bits; files may hold it, but it cannot be read. */
  F8_E5M2(1, DataType.UNKNOWN),
  /** 8-bit power of two; files may hold it, but it cannot be read. */
  F8_E8M0(1, DataType.UNKNOWN),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  Q4_0(18, 32),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  Q4_1(20, 32),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  Q5_0(22, 32),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  Q5_1(24, 32),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  Q8_0(34, 32),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  Q8_1(36, 32),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  Q2_K(84, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  Q3_K(110, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  Q4_K(144, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  Q5_K(176, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  Q6_K(210, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  Q8_K(292, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ2_XXS(66, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ2_XS(74, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ3_XXS(98, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ1_S(50, 256),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  IQ4_NL(18, 32),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ3_S(110, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ2_S(82, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ4_XS(136, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  IQ1_M(56, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  TQ1_0(54, 256),
  /** Quantized, in blocks of 256 elements; GGUF files may hold it, but it cannot be read. */
  TQ2_0(66, 256),
  /** Quantized, in blocks of 32 elements; GGUF files may hold it, but it cannot be read. */
  MXFP4(17, 32),
  /** Quantized, in blocks of 64 elements; GGUF files may hold it, but it cannot be read. */
  NVFP4(36, 64);

  private final int width;
  private final int blockLength;
  private final DataType sameLayout;

  TensorType(int width, DataType sameLayout) {
    this(width, 1, sameLayout);
  }

  /** A quantized type of GGUF files. */
  TensorType(int width, int blockLength) {
    this(width, blockLength, DataType.UNKNOWN);
  }

  TensorType(int width, int blockLength, DataType sameLayout) {
    this.width = width;
    this.blockLength = blockLength;
    this.sameLayout = sameLayout;
  }

  /**
   * The size of an element, or of a block of them.
   *
   * @return its bytes
   */
  public int width() {
    return width;
  }

  /**
   * How many elements are stored together. Rows consist of whole blocks.
   *
   * @return 1, or the elements of a block for the quantized types
   */
  public int blockLength() {
    return blockLength;
  }

  /**
   * Whether elements are floating-point numbers.
   *
   * @return true for F64, F32, F16, BF16 and the 8-bit floats
   */
  public boolean isFloating() {
    return this == BF16 || name().startsWith("F");
  }

  /**
   * Whether tensors of this type can be read and written.
   *
   * @return false for the 8-bit floats and the quantized types
   */
  public boolean isReadable() {
    return sameLayout != DataType.UNKNOWN;
  }

  /**
   * The type that tensors have in memory once read.
   *
   * @return FLOAT for F32, F16 and BF16, else the ND4J type of the same layout; UNKNOWN for types
   *     that cannot be read
   */
  public DataType arrayType() {
    return this == F16 || this == BF16 ? DataType.FLOAT : sameLayout;
  }

  /**
   * The type with the same layout as an array's elements.
   *
   * @param type the array's type
   * @return the type that stores it as it is, or nothing if there is none
   */
  public static Optional<TensorType> of(DataType type) {
    return Arrays.stream(values())
        .filter(TensorType::isReadable)
        .filter(t -> t.sameLayout == type)
        .findFirst();
  }

  /**
   * The type in which numbers of a precision are stored.
   *
   * @param precision the precision
   * @return its type
   */
  public static TensorType of(WeightPrecision precision) {
    return switch (precision) {
      case F32 -> F32;
      case F16 -> F16;
      case BF16 -> BF16;
    };
  }

  /**
   * The type of a name as safetensors headers have it.
   *
   * @param name for example {@code BF16}
   * @return the type, or nothing if the name is of no known type
   */
  public static Optional<TensorType> named(String name) {
    return Arrays.stream(values())
        .filter(t -> t.blockLength == 1)
        .filter(t -> t.name().equals(name))
        .findFirst();
  }
}
