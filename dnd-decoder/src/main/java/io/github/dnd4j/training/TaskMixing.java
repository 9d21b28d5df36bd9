package io.github.dnd4j.training;

import io.github.dnd4j.InvalidInputException;

/**
 * Training items that are mixed from several data sets, so that a decoder also sees what lies
 * between them instead of learning the few by heart. A mixed item draws its prompts from several
 * data sets, in shares from a symmetric Dirichlet distribution; its target is the mean of one
 * adapter of each, weighted by the shares of the prompts, taken of their A and B matrices and only
 * then cut into weight tokens. This makes sense for adapters that were tuned from the same initial
 * A. It goes beyond arXiv 2506.16406.
 *
 * <p>The shares are rounded to whole prompts, the largest remainders up, and a data set without a
 * prompt drops out of the item.
 *
 * @param probability how probable it is that an item is mixed, 0 to 1
 * @param mostTasks how many data sets an item has at most, at least 2; their number is uniform from
 *     2 to this, or to as many as there are
 * @param concentration the Dirichlet distribution's parameter, above 0; 1 makes all shares equally
 *     probable, less makes items that are nearly of one data set, more makes even shares
 */
public record TaskMixing(double probability, int mostTasks, double concentration) {

  /** No mixing, as in the paper. */
  public static final TaskMixing OFF = new TaskMixing(0, 2, 1);

  /**
   * Checks the values.
   *
   * @param probability how probable it is that an item is mixed, 0 to 1
   * @param mostTasks how many data sets an item has at most, at least 2
   * @param concentration the Dirichlet distribution's parameter, above 0
   */
  public TaskMixing {
    if (!(probability >= 0 && probability <= 1)) {
      throw new InvalidInputException(
          "the probability of mixing must be from 0 to 1, but is " + probability);
    }
    if (mostTasks < 2) {
      throw new InvalidInputException(
          "mixing takes at least 2 data sets, but mostTasks is " + mostTasks);
    }
    if (!(concentration > 0 && concentration < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "the concentration of mixing must be above 0, but is " + concentration);
    }
  }
}
