package io.github.dnd4j.examples.diagnosis;

import java.util.List;

/**
 * How two changes stand to each other: of a module, of several, or of whole adapters.
 *
 * @param firstNorm the norm of the first
 * @param secondNorm the norm of the second
 * @param innerProduct the sum of products of their elements
 * @param distance the norm of their difference
 */
record Measure(double firstNorm, double secondNorm, double innerProduct, double distance) {

  /** Of modules taken together. */
  static Measure sum(List<Measure> parts) {
    return new Measure(
        Statistics.rootOfSquares(parts.stream().map(Measure::firstNorm).toList()),
        Statistics.rootOfSquares(parts.stream().map(Measure::secondNorm).toList()),
        parts.stream().mapToDouble(Measure::innerProduct).sum(),
        Statistics.rootOfSquares(parts.stream().map(Measure::distance).toList()));
  }

  /** From -1 to 1; NaN if one of them is 0. */
  double cosine() {
    return Math.max(-1, Math.min(1, innerProduct / (firstNorm * secondNorm)));
  }

  /** How large the second is in relation to the first; NaN if the first is 0. */
  double ratio() {
    return firstNorm == 0 ? Double.NaN : secondNorm / firstNorm;
  }

  /** The distance in relation to the larger one; 0 if both are 0. */
  double relativeDistance() {
    return distance == 0 ? 0 : distance / Math.max(firstNorm, secondNorm);
  }
}
