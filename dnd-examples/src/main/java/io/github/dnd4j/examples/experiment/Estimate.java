package io.github.dnd4j.examples.experiment;

import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A mean over the questions of a task, with its 95 % interval by the percentile bootstrap (Efron
 * and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): the questions are drawn
 * anew, with replacement, 2,000 times, and the interval is what lies between the 2.5 % and 97.5 %
 * quantiles of the means. It covers the chance in the choice of the questions, not that of seeds,
 * tuning or training.
 *
 * @param value the mean
 * @param low the interval's lower end
 * @param high its upper end
 */
public record Estimate(double value, double low, double high) {

  private static final int RESAMPLES = 2000;

  /**
   * Estimates the mean of a value that each question has. The same seed and number of questions
   * draw the same questions, so that for two scores on the same questions the differences of their
   * values give a paired interval.
   *
   * @param values a value for each question, at least one
   * @param seed decides what is drawn
   * @return the estimate
   */
  public static Estimate ofMean(double[] values, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      double sum = 0;
      for (int j = 0; j < values.length; j++) {
        sum += values[random.nextInt(values.length)];
      }
      means[i] = sum / values.length;
    }
    Arrays.sort(means);
    return new Estimate(
        Arrays.stream(values).average().orElseThrow(),
        quantile(means, 0.025),
        quantile(means, 0.975));
  }

  /** With linear interpolation between order statistics, as numpy and R have it by default. */
  static double quantile(double[] sorted, double probability) {
    double position = (sorted.length - 1) * probability;
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  /**
   * For tables of scores.
   *
   * @return for example {@code 0.194 [0.160, 0.230]}
   */
  public String format() {
    return String.format(Locale.ROOT, "%.3f [%.3f, %.3f]", value, low, high);
  }

  /**
   * For tables of differences, with signs.
   *
   * @return for example {@code +0.064 [+0.030, +0.098]}
   */
  public String formatSigned() {
    return String.format(Locale.ROOT, "%+.3f [%+.3f, %+.3f]", value, low, high);
  }
}
