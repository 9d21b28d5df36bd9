package io.github.dnd4j.examples.diagnosis;

import java.util.Collection;
import java.util.List;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import org.apache.commons.math3.stat.descriptive.rank.Percentile.EstimationType;

/** Of short lists of numbers. */
final class Statistics {

  private Statistics() {}

  /** With linear interpolation between two; NaN if there are none. */
  static double quantile(List<Double> values, double share) {
    double[] array = values.stream().mapToDouble(value -> value).toArray();
    Percentile percentile = new Percentile().withEstimationType(EstimationType.R_7);
    double percent = 100 * share;
    if (percent == 0) {
      return values.stream().mapToDouble(value -> value).min().orElse(Double.NaN);
    }
    return percentile.evaluate(array, percent);
  }

  /** The middle one, or the mean of the middle two; NaN if there are none. */
  static double median(List<Double> values) {
    return quantile(values, 0.5);
  }

  static double rootOfSquares(Collection<Double> values) {
    return Math.sqrt(values.stream().mapToDouble(value -> value * value).sum());
  }
}
