package io.github.dnd4j.internal;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Argument checks whose messages name the argument. */
public final class Checks {

  private Checks() {}

  /**
   * Checks that a value is there.
   *
   * @param value the argument
   * @param name its name, for the message
   * @param <T> its type
   * @return the argument
   */
  public static <T> T notNull(T value, String name) {
    if (value == null) {
      throw new InvalidInputException(name + " must not be null");
    }
    return value;
  }

  /**
   * Checks that a text says something.
   *
   * @param value the argument
   * @param name its name, for the message
   * @return the argument
   */
  public static String notBlank(String value, String name) {
    if (notNull(value, name).isBlank()) {
      throw new InvalidInputException(name + " must not be blank");
    }
    return value;
  }

  /**
   * Checks that a number is at least one.
   *
   * @param value the argument
   * @param name its name, for the message
   * @return the argument
   */
  public static int positive(int value, String name) {
    if (value < 1) {
      throw new InvalidInputException(name + " must be at least 1, but is " + value);
    }
    return value;
  }

  /**
   * Checks that the weights of an adapter are numbers.
   *
   * @param weights the weights of one matrix
   * @param name the matrix's name, for the message
   * @return the weights
   */
  public static float[] finiteWeights(float[] weights, String name) {
    for (float weight : weights) {
      if (!Float.isFinite(weight)) {
        throw new InvalidInputException(
            name + " holds a weight that is NaN or infinite: the adapter is broken");
      }
    }
    return weights;
  }

  /**
   * Checks a tensor's shape.
   *
   * @param array the tensor
   * @param name its name, for the message
   * @param expected the shape it must have; -1 stands for any size
   * @return the tensor
   */
  public static INDArray shape(INDArray array, String name, long... expected) {
    long[] actual = notNull(array, name).shape();
    boolean fits = actual.length == expected.length;
    for (int i = 0; fits && i < expected.length; i++) {
      fits = expected[i] == -1 || expected[i] == actual[i];
    }
    if (!fits) {
      throw new ShapeMismatchException(
          name
              + " must have the shape "
              + Arrays.toString(expected).replace("-1", "any")
              + ", but has "
              + Arrays.toString(actual));
    }
    return array;
  }
}
