package io.github.dnd4j.training;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Random numbers that depend on nothing but a seed, a number and a purpose, so that a run which
 * goes on from any item draws what it would have drawn without the break.
 */
final class Randoms {

  /** What random numbers are drawn for; the numbers are part of what a seed means. */
  enum Purpose {
    EPOCH_ORDER(0),
    MIXING(1),
    PROMPTS(2),
    PROMPT_ORDER(3),
    PROMPT_DROPOUT(4),
    CONDITION_NOISE(5),
    TARGET_NOISE(6),
    REMEMBERED_PROMPTS(7);

    private final int salt;

    Purpose(int salt) {
      this.salt = salt;
    }
  }

  /** Named, and not the platform's default, so that every Java release draws the same. */
  private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private Randoms() {}

  static RandomGenerator of(long seed, long number, Purpose purpose) {
    long hash = mix(seed);
    hash = mix(hash ^ number);
    hash = mix(hash ^ purpose.salt);
    return FACTORY.create(hash);
  }

  /** A step of SplitMix64 (Steele, Lea and Flood 2014). */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The numbers from 0 to below count, in random order; only the first so many are shuffled. */
  static int[] shuffled(int count, int first, RandomGenerator random) {
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i;
    }
    for (int i = 0; i < Math.min(first, count - 1); i++) {
      int other = random.nextInt(i, count);
      int swapped = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = swapped;
    }
    return numbers;
  }

  /**
   * Shares from a symmetric Dirichlet distribution, as normalised Gamma variables. Their logarithms
   * are drawn, since for a small concentration they are smaller than a double can be.
   */
  static double[] dirichlet(int count, double concentration, RandomGenerator random) {
    double[] shares = new double[count];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      shares[i] = logOfGamma(concentration, random);
      largest = Math.max(largest, shares[i]);
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      shares[i] = Math.exp(shares[i] - largest);
      sum += shares[i];
    }
    for (int i = 0; i < count; i++) {
      shares[i] /= sum;
    }
    return shares;
  }

  /** Marsaglia and Tsang 2000; a shape below 1 by way of the shape one larger. */
  private static double logOfGamma(double shape, RandomGenerator random) {
    if (shape < 1) {
      double uniform = 1 - random.nextDouble(); // above 0
      return logOfGamma(shape + 1, random) + Math.log(uniform) / shape;
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = 1 + c * x;
      if (v > 0) {
        double cube = v * v * v;
        double uniform = 1 - random.nextDouble();
        if (Math.log(uniform) < x * x / 2 + d - d * cube + d * Math.log(cube)) {
          return Math.log(d) + Math.log(cube);
        }
      }
    }
  }
}
