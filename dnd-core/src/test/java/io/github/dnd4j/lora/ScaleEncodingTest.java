package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScaleEncodingTest {

  @Test
  void theReferenceIsTheFormulaOfThePublishedCheckpoints() {
    ScaleEncoding encoding = ScaleEncoding.reference();

    assertThat(encoding.encodeMean(0.01, 0.02)).isEqualTo(0.08);
    assertThat(encoding.encodeDeviation(0.01, 0.02)).isEqualTo(Math.log(0.118) + 1.6);
    assertThat(encoding.decodeMean(0.08, 123)).isEqualTo(0.01);
    assertThat(encoding.decodeDeviation(1.6)).isCloseTo(1, within(1e-15));
  }

  @Test
  void logIsRelative() {
    ScaleEncoding encoding = ScaleEncoding.log(4.5);

    assertThat(encoding.encodeMean(0.01, 0.02)).isEqualTo(0.5);
    assertThat(encoding.encodeDeviation(0.01, 0.02)).isEqualTo(Math.log(0.02) + 4.5);
    assertThat(encoding.decodeDeviation(4.5)).isEqualTo(1);
    assertThat(encoding.decodeMean(0.5, 4.5)).isEqualTo(0.5);
  }

  @ParameterizedTest
  @CsvSource({"0, 0.01", "0.02, 0.001", "-0.3, 0.5", "2, 1"})
  void bothComeBack(double mean, double deviation) {
    for (ScaleEncoding encoding : WeightTokenizerTest.ENCODINGS) {
      double encodedMean = encoding.encodeMean(mean, deviation);
      double encodedDeviation = encoding.encodeDeviation(mean, deviation);

      assertThat(encoding.decodeMean(encodedMean, encodedDeviation)).isCloseTo(mean, within(1e-14));
      assertThat(encoding.decodeDeviation(encodedDeviation)).isCloseTo(deviation, within(1e-14));
    }
  }

  @Test
  void logStaysFiniteWithoutADeviation() {
    ScaleEncoding encoding = ScaleEncoding.log(4.5);

    assertThat(encoding.encodeMean(0, 0)).isZero();
    assertThat(encoding.encodeDeviation(0, 0)).isEqualTo(Math.log(1e-8) + 4.5);
    assertThat(encoding.encodeMean(-0.5, 0)).isCloseTo(-1000, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void theCenterMustBeFinite(double center) {
    assertThatThrownBy(() -> ScaleEncoding.log(center))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("center must be a finite number");
  }

  @Test
  void encodingsAreValues() {
    assertThat(ScaleEncoding.reference()).isEqualTo(ScaleEncoding.reference());
    assertThat(ScaleEncoding.log(4))
        .isEqualTo(ScaleEncoding.log(4))
        .isNotEqualTo(ScaleEncoding.log(5));
  }
}
