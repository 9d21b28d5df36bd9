package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.spi.ProgressListener;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Makes optimizer steps on a decoder's weights: gradients of one or more batches, their length
 * limited, then {@link AdamW}. DL4J's listeners on the decoder's graph hear of each phase as they
 * do in {@code ComputationGraph.fit}.
 *
 * <p>Owns gradients and optimizer state, not the decoder.
 */
final class DecoderOptimizer implements AutoCloseable {

  /** How steps are made. */
  record Settings(
      LearningRateSchedule schedule, AdamW.Settings adamW, double clipNorm, int accumulation) {}

  /** What a step came to, summed up over its batches; the norm is the one before clipping. */
  record Outcome(MaskedLoss.Result loss, double gradientNorm, double learningRate) {}

  private final Settings settings;
  private final HyperConvDecoder decoder;
  private final ComputationGraph graph;
  private final DecoderNetwork network;
  private final MaskedLoss loss;
  private final AdamW adamW;

  /** The gradients of a step's batches so far; null if every step has one batch only. */
  private final INDArray accumulated;

  DecoderOptimizer(HyperConvDecoder decoder, CriterionWeights criterion, Settings settings) {
    this.settings = settings;
    this.decoder = decoder;
    this.graph = decoder.graph();
    this.loss = new MaskedLoss(criterion);
    this.network = new DecoderNetwork(graph);
    long parameters = network.gradients().length();
    this.adamW = new AdamW(settings.adamW(), parameters);
    this.accumulated = settings.accumulation() == 1 ? null : accumulator(parameters);
  }

  private static INDArray accumulator(long parameters) {
    NativeMemory.require(
        Float.BYTES * parameters, "accumulating the gradients of " + parameters + " weights");
    return HostFloats.uninitialized(parameters);
  }

  /** What a checkpoint keeps beside the weights; owned by this. */
  Map<String, INDArray> state() {
    return adamW.state();
  }

  /**
   * Makes one step.
   *
   * @param step its number, from 0
   * @param batches gives the step's batches, which are closed here
   * @throws DragAndDropException if the loss or a gradient is not finite; the weights are then as
   *     they were before
   */
  Outcome step(int step, Supplier<TrainingBatch> batches) {
    MaskedLoss.Result result = accumulate(step, batches);
    graph.setScore(result.loss());
    graph.getConfiguration().setIterationCount(step);
    graph.getListeners().forEach(listener -> listener.onGradientCalculation(graph));
    double norm = GradientNorm.of(network.gradients());
    checkFinite(norm, "length of the gradient", step);
    GradientNorm.clip(network.gradients(), norm, settings.clipNorm());
    double rate = settings.schedule().at(step);
    adamW.step(network.parameters(), network.gradients(), rate, step + 1);
    for (TrainingListener listener : graph.getListeners()) {
      listener.onBackwardPass(graph);
      listener.iterationDone(graph, step, graph.getConfiguration().getEpochCount());
    }
    return new Outcome(result, norm, rate);
  }

  private MaskedLoss.Result accumulate(int step, Supplier<TrainingBatch> batches) {
    if (accumulated == null) {
      return gradients(step, batches);
    }
    double lossSum = 0;
    double generated = 0;
    double real = 0;
    long cells = 0;
    accumulated.assign(0);
    for (int i = 0; i < settings.accumulation(); i++) {
      MaskedLoss.Result one = gradients(step, batches);
      accumulated.addi(network.gradients());
      lossSum += one.loss();
      generated += one.generatedL2();
      real += one.realL2();
      cells += one.cells();
    }
    network.gradients().assign(accumulated);
    int n = settings.accumulation();
    return new MaskedLoss.Result(lossSum / n, generated / n, real / n, cells);
  }

  private MaskedLoss.Result gradients(int step, Supplier<TrainingBatch> batches) {
    try (TrainingBatch batch = batches.get();
        DecoderNetwork.Pass pass = network.forward(batch.conditions())) {
      MaskedLoss.Result result = loss.of(pass.output(), batch.targets());
      checkFinite(result.loss(), "loss", step);
      loss.toGradient(
          pass.output(), batch.targets(), result.cells(), 1.0 / settings.accumulation());
      pass.backward();
      return result;
    }
  }

  private void checkFinite(double value, String what, int step) {
    if (!Double.isFinite(value)) {
      throw new DragAndDropException(
          "training diverged: the "
              + what
              + " of step "
              + (step + 1)
              + " is "
              + value
              + " at the learning rate "
              + settings.schedule().at(step)
              + ". Start again from the last checkpoint or anew with a lower learning rate or more"
              + " warm-up steps");
    }
  }

  /** The loss of a batch, without a step. */
  MaskedLoss.Result evaluate(TrainingBatch batch) {
    try (INDArray output = decoder.decode(batch.conditions(), ProgressListener.NONE)) {
      return loss.of(output, batch.targets());
    }
  }

  @Override
  public void close() {
    network.close();
    adamW.close();
    if (accumulated != null) {
      accumulated.close();
    }
  }
}
