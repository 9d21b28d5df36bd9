package io.github.dnd4j.lora;

import java.util.Arrays;

/** The change dW of a module as a full matrix, by the definition and nothing else, for tests. */
final class DenseChange {

  private DenseChange() {}

  /** {@code scale * B @ A} in double precision, {@code [out * in]}, row by row. */
  static double[] of(LoraAdapter adapter, String path) {
    LoraModule module =
        adapter.modules().stream().filter(m -> m.path().equals(path)).findFirst().orElseThrow();
    float[] a = TestAdapters.a(adapter, module);
    float[] b = TestAdapters.b(adapter, module);
    double scale = adapter.config().scaleOf(module);
    double[] change = new double[module.out() * module.in()];
    for (int row = 0; row < module.out(); row++) {
      for (int column = 0; column < module.in(); column++) {
        double sum = 0;
        for (int k = 0; k < module.rank(); k++) {
          sum += (double) b[row * module.rank() + k] * a[k * module.in() + column];
        }
        change[row * module.in() + column] = scale * sum;
      }
    }
    return change;
  }

  /** All modules one after the other, in the order of their paths. */
  static double[] of(LoraAdapter adapter) {
    return adapter.modules().stream()
        .map(LoraModule::path)
        .sorted()
        .flatMapToDouble(path -> Arrays.stream(of(adapter, path)))
        .toArray();
  }

  /** {@code factor1 * first + factor2 * second}. */
  static double[] sum(double factor1, double[] first, double factor2, double[] second) {
    double[] sum = new double[first.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = factor1 * first[i] + factor2 * second[i];
    }
    return sum;
  }

  static double dot(double[] first, double[] second) {
    double sum = 0;
    for (int i = 0; i < first.length; i++) {
      sum += first[i] * second[i];
    }
    return sum;
  }

  static double norm(double[] values) {
    return Math.sqrt(dot(values, values));
  }

  static double distance(double[] first, double[] second) {
    return norm(sum(1, first, -1, second));
  }

  /** The norm of the difference in relation to the norm of what is expected. */
  static double relativeError(double[] actual, double[] expected) {
    return distance(actual, expected) / norm(expected);
  }
}
