package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;

/**
 * How a weight token carries the mean m and the standard deviation s of its tile, as two numbers M
 * and S. A generator is trained with one encoding and works with no other.
 */
public sealed interface ScaleEncoding {

  /**
   * The reference implementation's encoding, which its published checkpoints need: {@code M = 8 m},
   * {@code S = ln(0.9 s + 0.1) + 1.6}. It is badly conditioned for LoRA weights: with s of 0.001 to
   * 0.03, S moves by a quarter in all, so that a small error of a generated S is a large one of s.
   *
   * @return the encoding
   */
  static ScaleEncoding reference() {
    return new Reference();
  }

  /**
   * Logarithmic: {@code M = m / s}, {@code S = ln(s) + center}, so that errors of S are relative
   * errors of s. The better choice for new generators.
   *
   * @param center centres S around zero over the training tiles; see {@link #DEFAULT_CENTER}
   * @return the encoding
   */
  static ScaleEncoding log(double center) {
    return new Log(center);
  }

  /** A centre for {@link #log} that suits usual LoRA weights, whose s is about 0.01. */
  double DEFAULT_CENTER = 4.5;

  /**
   * Encodes the mean.
   *
   * @param mean m
   * @param deviation s, not negative
   * @return M
   */
  double encodeMean(double mean, double deviation);

  /**
   * Encodes the standard deviation.
   *
   * @param mean m
   * @param deviation s, not negative
   * @return S
   */
  double encodeDeviation(double mean, double deviation);

  /**
   * Decodes the standard deviation.
   *
   * @param encodedDeviation S
   * @return s
   */
  double decodeDeviation(double encodedDeviation);

  /**
   * Decodes the mean.
   *
   * @param encodedMean M
   * @param encodedDeviation S
   * @return m
   */
  double decodeMean(double encodedMean, double encodedDeviation);

  /** See {@link ScaleEncoding#reference()}. */
  record Reference() implements ScaleEncoding {

    private static final double MEAN_FACTOR = 8;
    private static final double SLOPE = 0.9;
    private static final double FLOOR = 0.1;
    private static final double SHIFT = 1.6;

    @Override
    public double encodeMean(double mean, double deviation) {
      return MEAN_FACTOR * mean;
    }

    @Override
    public double encodeDeviation(double mean, double deviation) {
      return Math.log(SLOPE * deviation + FLOOR) + SHIFT;
    }

    @Override
    public double decodeDeviation(double encodedDeviation) {
      return (Math.exp(encodedDeviation - SHIFT) - FLOOR) / SLOPE;
    }

    @Override
    public double decodeMean(double encodedMean, double encodedDeviation) {
      return encodedMean / MEAN_FACTOR;
    }
  }

  /**
   * See {@link ScaleEncoding#log(double)}.
   *
   * @param center what is added to ln(s)
   */
  record Log(double center) implements ScaleEncoding {

    /** A tile of zeros, such as an untrained lora_B, has s = 0, which has no logarithm. */
    private static final double SMALLEST_DEVIATION = 1e-8;

    /** Keeps M within a thousand for tiles that are constant but not zero. */
    private static final double SMALLEST_RELATIVE_DEVIATION = 1e-3;

    /**
     * Checks the value.
     *
     * @param center a finite number
     */
    public Log {
      if (!Double.isFinite(center)) {
        throw new InvalidInputException("center must be a finite number, but is " + center);
      }
    }

    @Override
    public double encodeMean(double mean, double deviation) {
      return mean / floored(mean, deviation);
    }

    @Override
    public double encodeDeviation(double mean, double deviation) {
      return Math.log(floored(mean, deviation)) + center;
    }

    @Override
    public double decodeDeviation(double encodedDeviation) {
      return Math.exp(encodedDeviation - center);
    }

    @Override
    public double decodeMean(double encodedMean, double encodedDeviation) {
      return encodedMean * decodeDeviation(encodedDeviation);
    }

    private static double floored(double mean, double deviation) {
      double floor = Math.max(SMALLEST_DEVIATION, SMALLEST_RELATIVE_DEVIATION * Math.abs(mean));
      return Math.max(deviation, floor);
    }
  }
}
