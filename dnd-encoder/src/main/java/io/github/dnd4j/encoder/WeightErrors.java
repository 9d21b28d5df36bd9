package io.github.dnd4j.encoder;

import io.github.dnd4j.ShapeMismatchException;
import java.util.Arrays;

/** What weight sources complain about in the same words. */
final class WeightErrors {

  private WeightErrors() {}

  static ShapeMismatchException shape(String where, String name, long[] expected, long[] actual) {
    return new ShapeMismatchException(
        where
            + ": tensor '"
            + name
            + "' must have the shape "
            + Arrays.toString(expected)
            + ", but has "
            + Arrays.toString(actual)
            + ". Do the sizes in config.json belong to these weights?");
  }
}
