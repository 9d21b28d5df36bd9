package io.github.dnd4j.encoder;

import io.github.dnd4j.encoder.DensePlace.Kind;
import io.github.dnd4j.internal.HostFloats;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of a BERT's LoRA matrices, from the last layer down to the first that has any. For a
 * map {@code y = x W + scale x A^T B^T} with the gradient g of y they are {@code dA = scale (g B)^T
 * x} and {@code dB = scale g^T (x A^T)}; that of the input is {@code g} times the transposed weight
 * with the adapter merged. The frozen weights' own gradients are never formed.
 */
final class LoraBackward implements AutoCloseable {

  private final PackedPass pass;
  private final LoraParameters parameters;
  private final float[] gradient;
  private final Map<DensePlace, LoraFactors> factors = new HashMap<>();
  private final int lowestLayer;

  /** Gradients of hidden states: of a layer's output and middle, and of what was added there. */
  private final RowMatrix hidden;

  private final RowMatrix residual;
  private final RowMatrix intermediate;
  private final RowMatrix activated;
  private final RowMatrix queryKeyValue;
  private final Map<Integer, RowMatrix> ranks = new HashMap<>();
  private final Map<Integer, RowMatrix> otherRanks = new HashMap<>();

  /**
   * Makes a backward pass.
   *
   * @param pass the forward pass, which keeps the states of all layers with LoRA matrices and of
   *     those above
   * @param parameters the adapter's numbers
   * @param factors its matrices; they belong to the caller
   */
  LoraBackward(PackedPass pass, LoraParameters parameters, List<LoraFactors> factors) {
    this.pass = pass;
    this.parameters = parameters;
    gradient = new float[parameters.values().length];
    factors.forEach(f -> this.factors.put(f.place().place(), f));
    lowestLayer = factors.stream().mapToInt(f -> f.place().place().layer()).min().orElseThrow();
    int width = pass.config().hiddenSize();
    hidden = new RowMatrix(width);
    residual = new RowMatrix(width);
    intermediate = new RowMatrix(pass.config().intermediateSize());
    activated = new RowMatrix(pass.config().intermediateSize());
    queryKeyValue = new RowMatrix(3 * width);
  }

  /** Where the gradient of the last hidden states, {@code [rows, C]}, is to be put. */
  INDArray outputGradient(int rows) {
    return hidden.rows(rows);
  }

  /**
   * Computes the gradient after {@link PackedPass#run} and after {@link #outputGradient} was
   * filled.
   *
   * @param batch the texts
   * @param weights the merged weights
   * @return the gradient in the order of {@link LoraParameters}; the next call overwrites it
   */
  float[] run(TokenBatch batch, BertWeights weights) {
    INDArray more = null;
    for (int layer = pass.config().numHiddenLayers() - 1; layer >= lowestLayer; layer--) {
      feedForward(layer, batch.rows(), weights.layers().get(layer), more);
      attention(layer, batch, weights.layers().get(layer));
      more = residual.rows(batch.rows());
    }
    return gradient;
  }

  /** From the layer's output to its middle, in {@link #hidden} and {@link #residual}. */
  private void feedForward(int layer, int rows, BertWeights.Layer weights, INDArray more) {
    LayerState state = pass.state(layer);
    INDArray sum = residual.rows(rows);
    INDArray inner = intermediate.rows(rows);
    INDArray activation = activated.rows(rows);
    TokenGradients.normBackward(
        hidden.rows(rows), more, weights.outputNorm(), state.outputNorm, sum);
    inputGradient(sum, weights.output(), inner);
    TokenGradients.geluBackward(state.intermediate.rows(rows), inner, activation);
    factorGradient(new DensePlace(layer, Kind.OUTPUT), activation, sum);
    factorGradient(new DensePlace(layer, Kind.INTERMEDIATE), state.middle.rows(rows), inner);
    inputGradient(inner, weights.intermediate(), hidden.rows(rows));
  }

  /** From the layer's middle to its input, unless nothing below needs that. */
  private void attention(int layer, TokenBatch batch, BertWeights.Layer weights) {
    int rows = batch.rows();
    LayerState state = pass.state(layer);
    INDArray sum = residual.rows(rows);
    INDArray context = hidden.rows(rows);
    INDArray wide = queryKeyValue.rows(rows);
    TokenGradients.normBackward(context, sum, weights.attentionNorm(), state.attentionNorm, sum);
    factorGradient(new DensePlace(layer, Kind.ATTENTION_OUTPUT), state.context.rows(rows), sum);
    inputGradient(sum, weights.attentionOutput(), context);
    pass.attention()
        .backward(batch, state.queryKeyValue.rows(rows), state.probabilities, context, wide);
    factorGradient(
        new DensePlace(layer, Kind.QUERY_KEY_VALUE), pass.inputOf(layer).rows(rows), wide);
    if (layer > lowestLayer) {
      inputGradient(wide, weights.queryKeyValue(), hidden.rows(rows));
    }
  }

  private static void inputGradient(INDArray gradient, BertWeights.Dense dense, INDArray target) {
    Products.multiply(gradient, false, dense.weight(), true, target);
  }

  private void factorGradient(DensePlace place, INDArray x, INDArray outputGradient) {
    LoraFactors pair = factors.get(place);
    if (pair == null) {
      return;
    }
    int rows = (int) x.size(0);
    int count = pair.place().ranks();
    INDArray lowered = matrix(ranks, count).rows(rows);
    INDArray raised = matrix(otherRanks, count).rows(rows);
    Products.multiply(x, false, pair.down(), true, lowered);
    Products.multiply(outputGradient, pair.up(), raised);
    try (INDArray down = HostFloats.uninitialized(pair.down().shape());
        INDArray up = HostFloats.uninitialized(pair.up().shape())) {
      Products.multiply(raised, true, x, false, down);
      Products.multiply(outputGradient, true, lowered, false, up);
      float[] a = HostFloats.toArray(down);
      float[] b = HostFloats.toArray(up);
      pair.place().parts().forEach(part -> take(part, a, b, count));
    }
  }

  private static RowMatrix matrix(Map<Integer, RowMatrix> matrices, int width) {
    return matrices.computeIfAbsent(width, RowMatrix::new);
  }

  /** Of B's gradient only the block of a module's own ranks counts. */
  private void take(LoraPart part, float[] a, float[] b, int ranks) {
    int rank = part.module().rank();
    int in = part.module().in();
    int to = parameters.startOf(part.index());
    System.arraycopy(a, part.firstRank() * in, gradient, to, rank * in);
    to += rank * in;
    for (int i = 0; i < part.module().out(); i++) {
      int from = (part.firstColumn() + i) * ranks + part.firstRank();
      for (int r = 0; r < rank; r++) {
        gradient[to + i * rank + r] = (float) (part.scale() * b[from + r]);
      }
    }
  }

  @Override
  public void close() {
    List.of(hidden, residual, intermediate, activated, queryKeyValue).forEach(RowMatrix::close);
    ranks.values().forEach(RowMatrix::close);
    otherRanks.values().forEach(RowMatrix::close);
  }
}
