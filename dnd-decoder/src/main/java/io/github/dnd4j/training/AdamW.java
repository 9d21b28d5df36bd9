package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) in PyTorch's form, on
 * flat parameters. With t counted from 1:
 *
 * <pre>
 * p = p - rate * decay * p
 * m = b1 * m + (1 - b1) * g
 * v = b2 * v + (1 - b2) * g^2
 * p = p - rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps)
 * </pre>
 *
 * <p>ND4J's operation does not correct eps as PyTorch does, and computes its powers in float32. It
 * is asked for a step so late that its own corrections are 1, with rate and eps corrected here:
 *
 * <pre>
 * rate' = rate * sqrt(1 - b2^t) / (1 - b1^t),   eps' = eps * sqrt(1 - b2^t)
 * </pre>
 */
final class AdamW implements AutoCloseable {

  /** The settings; PyTorch's names. */
  record Settings(double beta1, double beta2, double epsilon, double weightDecay) {}

  static final String FIRST_MOMENT = "first_moment";
  static final String SECOND_MOMENT = "second_moment";

  /** A step at which b^t is 0 in float32 for every b that is used. */
  private static final int LATE = Integer.MAX_VALUE - 1;

  private final Settings settings;
  private final INDArray firstMoment;
  private final INDArray secondMoment;

  /** An optimizer that has not made a step yet. */
  AdamW(Settings settings, long parameters) {
    this.settings = settings;
    NativeMemory.require(
        2L * Float.BYTES * parameters, "the optimizer of " + parameters + " parameters");
    this.firstMoment = HostFloats.uninitialized(parameters).assign(0);
    this.secondMoment = HostFloats.uninitialized(parameters).assign(0);
  }

  /** What a checkpoint keeps, by name; owned by this. */
  Map<String, INDArray> state() {
    return Map.of(FIRST_MOMENT, firstMoment, SECOND_MOMENT, secondMoment);
  }

  /**
   * Makes a step.
   *
   * @param parameters are changed
   * @param gradients their gradients, which are overwritten with what was subtracted
   * @param rate the learning rate
   * @param step the number of this step, from 1
   */
  void step(INDArray parameters, INDArray gradients, double rate, int step) {
    double correction1 = 1 - Math.pow(settings.beta1(), step);
    double correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), step));
    parameters.muli(1 - rate * settings.weightDecay());
    Nd4j.exec(
        DynamicCustomOp.builder("adam_updater")
            .addInputs(gradients, secondMoment, firstMoment)
            .addOutputs(gradients, secondMoment, firstMoment)
            .addFloatingPointArguments(
                rate * correction2 / correction1,
                settings.beta1(),
                settings.beta2(),
                settings.epsilon() * correction2)
            .addIntegerArguments(LATE)
            .build());
    parameters.subi(gradients);
  }

  @Override
  public void close() {
    firstMoment.close();
    secondMoment.close();
  }
}
