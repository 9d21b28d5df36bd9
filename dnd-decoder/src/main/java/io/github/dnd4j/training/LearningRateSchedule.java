package io.github.dnd4j.training;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;

/**
 * The learning rate over a run: a linear warm-up, then half a cosine down to zero. With t counted
 * from 0, w warm-up steps and T steps in all:
 *
 * <pre>
 * rate(t) = peak * (t + 1) / w                                if t &lt; w
 * rate(t) = peak * (1 + cos(pi * (t - w) / (T - w))) / 2      else
 * </pre>
 *
 * <p>Source: the reference implementation of Drag-and-Drop LLMs (arXiv 2506.16406).
 *
 * @param peak the highest rate, above 0
 * @param warmupSteps w, from 0 to below {@code steps}
 * @param steps T, at least 1
 */
public record LearningRateSchedule(double peak, int warmupSteps, int steps) {

  /**
   * Checks the values.
   *
   * @param peak the highest rate, above 0
   * @param warmupSteps w, from 0 to below {@code steps}
   * @param steps T, at least 1
   */
  public LearningRateSchedule {
    if (!(peak > 0 && Double.isFinite(peak))) {
      throw new InvalidInputException("the learning rate must be above 0, but is " + peak);
    }
    Checks.positive(steps, "steps");
    if (warmupSteps < 0 || warmupSteps >= steps) {
      throw new InvalidInputException(
          "of " + steps + " steps from 0 to below all can be warm-up, but not " + warmupSteps);
    }
  }

  /**
   * The rate of one step.
   *
   * @param step its number, from 0 to below {@link #steps()}
   * @return the learning rate
   */
  public double at(int step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    double progress = (double) (step - warmupSteps) / (steps - warmupSteps);
    return peak * (1 + Math.cos(Math.PI * progress)) / 2;
  }
}
