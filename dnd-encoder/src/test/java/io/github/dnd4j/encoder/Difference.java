package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How far two results are apart. */
final class Difference {

  private Difference() {}

  static float largest(float[] actual, float[] expected) {
    if (actual.length != expected.length) {
      throw new AssertionError(actual.length + " values instead of " + expected.length);
    }
    float largest = 0;
    for (int i = 0; i < actual.length; i++) {
      float difference = Math.abs(actual[i] - expected[i]);
      if (Float.isNaN(difference)) {
        return Float.NaN;
      }
      largest = Math.max(largest, difference);
    }
    return largest;
  }

  static float largest(INDArray actual, INDArray expected) {
    return largest(HostFloats.toArray(actual), HostFloats.toArray(expected));
  }

  static double rootMeanSquare(float[] actual, float[] expected) {
    double sum = 0;
    for (int i = 0; i < actual.length; i++) {
      double difference = actual[i] - expected[i];
      sum += difference * difference;
    }
    return Math.sqrt(sum / actual.length);
  }
}
