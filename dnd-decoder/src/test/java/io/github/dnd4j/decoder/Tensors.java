package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import java.util.Arrays;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Tensors for tests, and what tests ask of them. */
final class Tensors {

  private Tensors() {}

  /** Seeded values of a standard normal distribution. */
  static INDArray gaussian(long seed, long... shape) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return HostFloats.toTensor(values, shape);
  }

  static INDArray gaussian(long seed, FeatureShape shape, int batch) {
    return gaussian(seed, batch, shape.n(), shape.l(), shape.c());
  }

  /** The sum of the products of corresponding elements, in float64. */
  static double dot(INDArray a, INDArray b) {
    float[] x = HostFloats.toArray(a);
    float[] y = HostFloats.toArray(b);
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  static double norm(INDArray a) {
    return Math.sqrt(dot(a, a));
  }

  static float[] values(INDArray array) {
    return HostFloats.toArray(array);
  }

  /** A copy of maps whose axes lie in memory in an order, outermost first. */
  static INDArray inOrder(INDArray maps, int... outermostFirst) {
    int[] placeOf = new int[outermostFirst.length];
    for (int place = 0; place < placeOf.length; place++) {
      placeOf[outermostFirst[place]] = place;
    }
    return maps.permute(outermostFirst).dup('c').permute(placeOf);
  }
}
