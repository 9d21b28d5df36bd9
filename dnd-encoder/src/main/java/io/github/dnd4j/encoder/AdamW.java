package io.github.dnd4j.encoder;

/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) exactly as PyTorch has it: decay of the weights
 * apart from the gradient, and eps added after the bias correction.
 */
final class AdamW {

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPS = 1e-8;

  private final double weightDecay;
  private final float[] mean;
  private final float[] square;
  private int step;

  AdamW(int parameters, double weightDecay) {
    this.weightDecay = weightDecay;
    mean = new float[parameters];
    square = new float[parameters];
  }

  /**
   * Changes parameters by one step.
   *
   * @param parameters to be changed
   * @param gradient the loss's gradient
   * @param learningRate the step's learning rate
   */
  void step(float[] parameters, float[] gradient, double learningRate) {
    step++;
    double size = learningRate / (1 - Math.pow(BETA1, step));
    double correction = Math.sqrt(1 - Math.pow(BETA2, step));
    double keep = 1 - learningRate * weightDecay;
    for (int i = 0; i < parameters.length; i++) {
      double g = gradient[i];
      mean[i] = (float) (BETA1 * mean[i] + (1 - BETA1) * g);
      square[i] = (float) (BETA2 * square[i] + (1 - BETA2) * g * g);
      double divisor = Math.sqrt(square[i]) / correction + EPS;
      parameters[i] = (float) (parameters[i] * keep - size * mean[i] / divisor);
    }
  }
}
