package io.github.dnd4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class HalfPrecisionTest {

  @Test
  void everyHalfSurvivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 0x1_0000; bits++) {
      float value = HalfPrecision.halfToFloat((short) bits);
      assertThat(HalfPrecision.floatToHalf(value)).as("%04x", bits).isEqualTo((short) bits);
    }
  }

  @Test
  void everyBfloat16SurvivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 0x1_0000; bits++) {
      float value = HalfPrecision.bfloat16ToFloat((short) bits);
      assertThat(HalfPrecision.floatToBfloat16(value)).as("%04x", bits).isEqualTo((short) bits);
    }
  }

  @Test
  void manyHalvesHaveTheValuesThatTheirBitsMean() {
    float[] values = new float[0x1_0000];

    HalfPrecision.halvesToFloats(allBits(), values, values.length);

    for (int bits = 0; bits < values.length; bits++) {
      Double expected = meaning(bits, 5, 10);
      assertThat(Double.valueOf(values[bits])).as("%04x", bits).isEqualTo(expected);
    }
  }

  @Test
  void manyBfloat16sHaveTheValuesThatTheirBitsMean() {
    float[] values = new float[0x1_0000];

    HalfPrecision.bfloat16sToFloats(allBits(), values, values.length);

    for (int bits = 0; bits < values.length; bits++) {
      Double expected = meaning(bits, 8, 7);
      assertThat(Double.valueOf(values[bits])).as("%04x", bits).isEqualTo(expected);
    }
  }

  private static short[] allBits() {
    short[] all = new short[0x1_0000];
    for (int bits = 0; bits < all.length; bits++) {
      all[bits] = (short) bits;
    }
    return all;
  }

  /** By the definition of IEEE 754, whose formats differ in how many bits go to what. */
  private static double meaning(int bits, int exponentBits, int mantissaBits) {
    int most = (1 << exponentBits) - 1;
    int exponent = bits >>> mantissaBits & most;
    double fraction = Math.scalb((double) (bits & (1 << mantissaBits) - 1), -mantissaBits);
    double sign = (bits & 0x8000) == 0 ? 1 : -1;
    if (exponent == most) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return sign
        * (exponent == 0
            ? Math.scalb(fraction, 1 - most / 2)
            : Math.scalb(1 + fraction, exponent - most / 2));
  }

  @Test
  void roundsAsPyTorchDoes() throws IOException {
    List<String> rows = resourceLines("half-precision.csv");
    assertThat(rows).hasSizeGreaterThan(2000);
    for (String row : rows.subList(1, rows.size())) {
      String[] bits = row.split(",", -1);
      float value = Float.intBitsToFloat(Integer.parseUnsignedInt(bits[0], 16));
      assertThat(HalfPrecision.floatToHalf(value))
          .as("%s as half", row)
          .isEqualTo((short) Integer.parseInt(bits[1], 16));
      assertThat(HalfPrecision.floatToBfloat16(value))
          .as("%s as bfloat16", row)
          .isEqualTo((short) Integer.parseInt(bits[2], 16));
    }
  }

  @Test
  void knownHalvesHaveTheirValues() {
    assertThat(HalfPrecision.halfToFloat((short) 0x3c00)).isEqualTo(1f);
    assertThat(HalfPrecision.halfToFloat((short) 0xc000)).isEqualTo(-2f);
    assertThat(HalfPrecision.halfToFloat((short) 0x7bff)).isEqualTo(65504f);
    assertThat(HalfPrecision.halfToFloat((short) 0x0001)).isEqualTo(0x1p-24f);
    assertThat(HalfPrecision.halfToFloat((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void aNanStaysOneEvenIfItsPayloadIsLost() {
    float payloadInTheLowestBit = Float.intBitsToFloat(0x7f80_0001);

    short half = HalfPrecision.floatToHalf(payloadInTheLowestBit);
    short bfloat16 = HalfPrecision.floatToBfloat16(payloadInTheLowestBit);

    assertThat(HalfPrecision.halfToFloat(half)).isNaN();
    assertThat(HalfPrecision.bfloat16ToFloat(bfloat16)).isNaN();
  }

  private static List<String> resourceLines(String name) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                HalfPrecisionTest.class.getResourceAsStream(name), StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }
}
