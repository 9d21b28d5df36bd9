package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An encoder whose adapter is being tuned: its loss and the loss's gradient. The adapter is merged
 * into the weights anew for each batch, which is quicker than to multiply with it, and exactly what
 * {@link SentenceEncoder#withAdapter} does with the result.
 */
final class ContrastiveModel implements AutoCloseable {

  private final BertWeights base;
  private final LoraParameters parameters;
  private final double temperature;
  private final List<LoraFactors> factors = new ArrayList<>();
  private final BertWeights merged;
  private final PackedPass pass;
  private final LoraBackward backward;
  private float[] gradient = {};

  /**
   * Makes a model.
   *
   * @param config its sizes
   * @param base its weights; they belong to this model from now on
   * @param target what the adapter changes
   * @param parameters the adapter's numbers, which the caller may change between batches
   * @param temperature what similarities are divided by
   */
  ContrastiveModel(
      BertConfig config,
      BertWeights base,
      LoraTarget target,
      LoraParameters parameters,
      double temperature) {
    this.base = base;
    this.parameters = parameters;
    this.temperature = temperature;
    Map<DensePlace, INDArray> weights = new HashMap<>();
    try {
      for (LoraPlace place : LoraPlace.of(config, target.config(), target.modules())) {
        factors.add(new LoraFactors(place));
        weights.put(place.place(), HostFloats.uninitialized(place.in(), place.out()));
      }
      merged = base.with(weights, base.fingerprint());
    } catch (RuntimeException | OutOfMemoryError e) {
      factors.forEach(LoraFactors::close);
      weights.values().forEach(INDArray::close);
      base.close();
      throw e;
    }
    pass = new PackedPass(config, factors.get(0).place().place().layer());
    backward = new LoraBackward(pass, parameters, factors);
  }

  /**
   * About how much native memory a model needs beside the encoder.
   *
   * @param bert the model's sizes
   * @param modules what the adapter changes
   * @param tokens of the largest batch
   */
  static long bytesFor(BertConfig bert, List<LoraModule> modules, long tokens) {
    long merged = modules.stream().mapToLong(module -> (long) module.in() * module.out()).sum();
    long layer = 8L * bert.hiddenSize() + bert.intermediateSize();
    long other = 7L * bert.hiddenSize() + 3L * bert.intermediateSize();
    return Float.BYTES * (merged + tokens * (bert.numHiddenLayers() * layer + other));
  }

  /**
   * Computes the loss of a batch and its gradient.
   *
   * @param batch anchors, and then as many positives
   */
  InfoNce run(TokenBatch batch) {
    for (LoraFactors pair : factors) {
      DensePlace place = pair.place().place();
      pair.set(parameters);
      pair.merge(base.at(place).weight(), merged.at(place).weight());
    }
    MeanPooling pooling = MeanPooling.of(batch, pass.run(batch, merged));
    InfoNce loss = InfoNce.of(pooling.embeddings(), batch.texts() / 2, temperature);
    pooling.backward(batch, loss.gradient(), backward.outputGradient(batch.rows()));
    gradient = backward.run(batch, merged);
    return loss;
  }

  /** The last batch's gradient, in the order of the parameters. */
  float[] gradient() {
    return gradient;
  }

  @Override
  public void close() {
    factors.forEach(LoraFactors::close);
    merged.close();
    base.close();
    pass.close();
    backward.close();
  }
}
