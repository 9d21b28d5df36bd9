package io.github.dnd4j.lora;

import io.github.dnd4j.internal.Checks;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An adapter of a smaller rank, and how far it is from the one that it was made of.
 *
 * @param adapter the smaller adapter, which {@link #close} closes
 * @param moduleErrors by module path, the Frobenius norm of what is left out of dW: the root of the
 *     sum of squares of the singular values that were dropped
 * @param norm the Frobenius norm of dW of the adapter before, over all modules
 */
public record RankReduction(LoraAdapter adapter, Map<String, Double> moduleErrors, double norm)
    implements AutoCloseable {

  /**
   * Checks and copies the values.
   *
   * @param adapter the smaller adapter
   * @param moduleErrors the errors by module path
   * @param norm the norm before
   */
  public RankReduction {
    Checks.notNull(adapter, "adapter");
    moduleErrors =
        Collections.unmodifiableMap(
            new LinkedHashMap<>(Checks.notNull(moduleErrors, "moduleErrors")));
  }

  /**
   * The error over all modules.
   *
   * @return the Frobenius norm of all that is left out
   */
  public double error() {
    return LoraGeometry.rootOfSquares(moduleErrors.values());
  }

  /**
   * The error in relation to the adapter before.
   *
   * @return {@code error / norm}, from 0 to 1; 0 for an adapter that changes nothing
   */
  public double relativeError() {
    return norm == 0 ? 0 : error() / norm;
  }

  /** Closes the adapter. */
  @Override
  public void close() {
    adapter.close();
  }
}
