package io.github.dnd4j.internal;

/**
 * Conversions between float32 and the two 16-bit types. To 16 bits they round to the nearest, ties
 * to even, as PyTorch does; subnormal numbers, infinities and the payloads of NaNs are kept.
 */
public final class HalfPrecision {

  private static final int FLOAT_INFINITY = 0x7f80_0000;
  private static final int HALF_INFINITY = 0x7c00;

  /** 65520, halfway between the largest half and what would come next: from here on, infinity. */
  private static final int OVERFLOW = 0x477f_f000;

  /** 2^-14, the smallest half that is not subnormal. */
  private static final int SMALLEST_NORMAL = 0x3880_0000;

  /** What lies between the two exponent biases, 127 and 15, in float bits. */
  private static final int REBIAS = (127 - 15) << 23;

  private HalfPrecision() {}

  /** All halves by their bits: looking one up is faster than its arithmetic. */
  private static final class Table {
    private static final float[] HALVES = new float[1 << 16];

    static {
      for (int bits = 0; bits < HALVES.length; bits++) {
        HALVES[bits] = computed((short) bits);
      }
    }
  }

  /**
   * Many halves as float32.
   *
   * @param halves their bits
   * @param floats where to
   * @param count how many, from the start of both
   */
  public static void halvesToFloats(short[] halves, float[] floats, int count) {
    for (int i = 0; i < count; i++) {
      floats[i] = halfToFloat(halves[i]);
    }
  }

  /**
   * Many bfloat16s as float32.
   *
   * @param bfloat16s their bits
   * @param floats where to
   * @param count how many, from the start of both
   */
  public static void bfloat16sToFloats(short[] bfloat16s, float[] floats, int count) {
    for (int i = 0; i < count; i++) {
      floats[i] = bfloat16ToFloat(bfloat16s[i]);
    }
  }

  /**
   * A half as float32, exactly.
   *
   * @param half its bits
   * @return its value
   */
  public static float halfToFloat(short half) {
    return Table.HALVES[half & 0xffff];
  }

  private static float computed(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >>> 10 & 0x1f;
    int mantissa = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = mantissa * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | FLOAT_INFINITY | mantissa << 13);
    }
    return Float.intBitsToFloat(sign | ((exponent << 23) + REBIAS) | mantissa << 13);
  }

  /**
   * The half nearest to a number.
   *
   * @param value the number
   * @return its bits
   */
  public static short floatToHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fff_ffff;
    if (magnitude > FLOAT_INFINITY) {
      int payload = magnitude >>> 13 & 0x3ff;
      return (short) (sign | HALF_INFINITY | (payload == 0 ? 0x200 : payload));
    }
    if (magnitude >= OVERFLOW) {
      return (short) (sign | HALF_INFINITY);
    }
    if (magnitude < SMALLEST_NORMAL) {
      // Subnormals count units of 2^-24; the scaling is exact and rint rounds ties to even.
      return (short) (sign | (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24));
    }
    int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1);
    return (short) (sign | ((rounded - REBIAS) >>> 13));
  }

  /**
   * A bfloat16 as float32, exactly.
   *
   * @param bfloat16 its bits
   * @return its value
   */
  public static float bfloat16ToFloat(short bfloat16) {
    return Float.intBitsToFloat(bfloat16 << 16);
  }

  /**
   * The bfloat16 nearest to a number.
   *
   * @param value the number
   * @return its bits
   */
  public static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fff_ffff) > FLOAT_INFINITY) {
      int upper = bits >>> 16;
      // A payload in the lower half alone would vanish and leave an infinity.
      return (short) ((upper & 0x7f) == 0 ? upper | 0x40 : upper);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
