package io.github.dnd4j.io;

import io.github.dnd4j.internal.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Conversions of many elements at once between float32 and the floating-point types of files. */
final class ElementCodec {

  private ElementCodec() {}

  /** Whether elements of this type can become float32 and back. */
  static boolean converts(TensorType type) {
    return type.isFloating() && type.isReadable();
  }

  /** Takes as many elements out of a buffer as the array has room for. */
  static void decode(TensorType type, ByteBuffer from, float[] to, int count) {
    from.order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F32 -> from.asFloatBuffer().get(to, 0, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          to[i] = (float) from.getDouble(i * Double.BYTES);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          to[i] = HalfPrecision.halfToFloat(from.getShort(i * Short.BYTES));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          to[i] = HalfPrecision.bfloat16ToFloat(from.getShort(i * Short.BYTES));
        }
      }
      default -> throw new IllegalArgumentException(type + " is no floating-point type");
    }
  }

  /** Puts elements into an empty buffer, from its start. */
  static void encode(TensorType type, float[] from, int count, ByteBuffer to) {
    to.order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case F32 -> to.asFloatBuffer().put(from, 0, count);
      case F64 -> {
        for (int i = 0; i < count; i++) {
          to.putDouble(i * Double.BYTES, from[i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          to.putShort(i * Short.BYTES, HalfPrecision.floatToHalf(from[i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          to.putShort(i * Short.BYTES, HalfPrecision.floatToBfloat16(from[i]));
        }
      }
      default -> throw new IllegalArgumentException(type + " is no floating-point type");
    }
    to.limit(count * type.width());
  }
}
