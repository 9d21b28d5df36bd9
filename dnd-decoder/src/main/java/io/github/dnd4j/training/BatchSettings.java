package io.github.dnd4j.training;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;

/**
 * How training batches are made of a dataset.
 *
 * @param form what of an example becomes a text
 * @param mixing whether items are mixed from several data sets
 * @param conditionNoise standard deviation of the noise on conditions; the reference adds 1e-4
 * @param targetNoise standard deviation of the noise on weight tokens; the reference adds 1e-5
 * @param promptDropout how probable it is that a text's whole condition is zero, below the noise
 * @param badCheckpoints what is done about a checkpoint that cannot be used
 * @param seed decides everything that is drawn
 */
record BatchSettings(
    ConditionForm form,
    TaskMixing mixing,
    double conditionNoise,
    double targetNoise,
    double promptDropout,
    BadCheckpoints badCheckpoints,
    long seed) {

  BatchSettings {
    Checks.notNull(form, "form");
    Checks.notNull(mixing, "mixing");
    checkDeviation(conditionNoise, "conditionNoise");
    checkDeviation(targetNoise, "targetNoise");
    if (!(promptDropout >= 0 && promptDropout <= 1)) {
      throw new InvalidInputException("promptDropout must be from 0 to 1, but is " + promptDropout);
    }
    Checks.notNull(badCheckpoints, "badCheckpoints");
  }

  /** The same without noise, dropout and mixing, to measure on the same items every time. */
  BatchSettings withoutChance() {
    return new BatchSettings(form, TaskMixing.OFF, 0, 0, 0, badCheckpoints, seed);
  }

  private static void checkDeviation(double value, String name) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(name + " must be 0 or more, but is " + value);
    }
  }
}
