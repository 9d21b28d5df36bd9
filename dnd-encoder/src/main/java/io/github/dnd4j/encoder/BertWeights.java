package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The frozen weights of a BERT encoder. They may share tensors with other weights; {@link #close()}
 * frees those that no others use.
 *
 * @param wordEmbedding {@code [vocabulary, C]}
 * @param positionEmbedding {@code [positions, C]}; the embedding of token type 0, which every token
 *     has, is added already
 * @param embeddingNorm the LayerNorm of the embeddings
 * @param layers one after the other
 * @param fingerprint SHA-256 of all of them
 */
record BertWeights(
    Shared<INDArray> wordEmbedding,
    Shared<INDArray> positionEmbedding,
    Norm embeddingNorm,
    List<Layer> layers,
    String fingerprint)
    implements AutoCloseable {

  /**
   * {@code y = x * weight + bias}.
   *
   * @param sharedWeight {@code [in, out]}
   * @param sharedBias {@code [out]}
   */
  record Dense(Shared<INDArray> sharedWeight, Shared<INDArray> sharedBias)
      implements AutoCloseable {

    INDArray weight() {
      return sharedWeight.get();
    }

    INDArray bias() {
      return sharedBias.get();
    }

    /** The same with another weight, or, if that is null, with the same. */
    private Dense with(INDArray weight) {
      return new Dense(
          weight == null ? sharedWeight.share() : Shared.of(weight), sharedBias.share());
    }

    @Override
    public void close() {
      sharedWeight.close();
      sharedBias.close();
    }
  }

  /** The affine part of a LayerNorm: {@code x * weight + bias}, each of C values. */
  static final class Norm {

    private final float[] weight;
    private final float[] bias;

    Norm(float[] weight, float[] bias) {
      this.weight = weight;
      this.bias = bias;
    }

    float[] weight() {
      return weight;
    }

    float[] bias() {
      return bias;
    }
  }

  /**
   * One layer.
   *
   * @param queryKeyValue three dense maps side by side, {@code C -> 3C}
   * @param attentionOutput {@code C -> C}
   * @param attentionNorm after the attention
   * @param intermediate {@code C -> F}
   * @param output {@code F -> C}
   * @param outputNorm after the feed-forward part
   */
  record Layer(
      Dense queryKeyValue,
      Dense attentionOutput,
      Norm attentionNorm,
      Dense intermediate,
      Dense output,
      Norm outputNorm)
      implements AutoCloseable {

    Dense at(DensePlace.Kind kind) {
      return switch (kind) {
        case QUERY_KEY_VALUE -> queryKeyValue;
        case ATTENTION_OUTPUT -> attentionOutput;
        case INTERMEDIATE -> intermediate;
        case OUTPUT -> output;
      };
    }

    private Layer with(Function<DensePlace.Kind, INDArray> weights) {
      return new Layer(
          queryKeyValue.with(weights.apply(DensePlace.Kind.QUERY_KEY_VALUE)),
          attentionOutput.with(weights.apply(DensePlace.Kind.ATTENTION_OUTPUT)),
          attentionNorm,
          intermediate.with(weights.apply(DensePlace.Kind.INTERMEDIATE)),
          output.with(weights.apply(DensePlace.Kind.OUTPUT)),
          outputNorm);
    }

    @Override
    public void close() {
      queryKeyValue.close();
      attentionOutput.close();
      intermediate.close();
      output.close();
    }
  }

  /**
   * Reads all weights of a model.
   *
   * @param config its sizes
   * @param source where from; stays open
   */
  static BertWeights read(BertConfig config, WeightSource source) {
    Reader reader = new Reader(config, source);
    try {
      return reader.read();
    } catch (RuntimeException | OutOfMemoryError e) {
      reader.owned.forEach(INDArray::close);
      throw e;
    }
  }

  /**
   * The weights of the same model with other dense weights. All other tensors are shared with these
   * weights, whichever of the two is closed first.
   *
   * @param dense the other dense weights, {@code [in, out]}; they belong to the result
   * @param newFingerprint the result's fingerprint
   */
  BertWeights with(Map<DensePlace, INDArray> dense, String newFingerprint) {
    List<Layer> changed = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      int layer = i;
      changed.add(layers.get(i).with(kind -> dense.get(new DensePlace(layer, kind))));
    }
    return new BertWeights(
        wordEmbedding.share(),
        positionEmbedding.share(),
        embeddingNorm,
        List.copyOf(changed),
        newFingerprint);
  }

  Dense at(DensePlace place) {
    return layers.get(place.layer()).at(place.kind());
  }

  /**
   * The embeddings of tokens.
   *
   * @param target {@code [rows, C]}, to be filled
   * @param eps what LayerNorm adds to the variance
   * @param idOf the token of each row
   * @param positionOf its place in its text
   */
  void embed(INDArray target, float eps, IntUnaryOperator idOf, IntUnaryOperator positionOf) {
    embed(target, eps, idOf, positionOf, Workers.preferredThreads());
  }

  /** The same by the calling thread alone if there is 1 thread. */
  void embed(
      INDArray target, float eps, IntUnaryOperator idOf, IntUnaryOperator positionOf, int threads) {
    int width = (int) target.size(1);
    RowBlocks.forEach(
        (int) target.size(0),
        threads,
        (first, count) -> {
          float[] rows = new float[count * width];
          float[] position = new float[width];
          HostFloats words = HostFloats.of(wordEmbedding.get());
          HostFloats positions = HostFloats.of(positionEmbedding.get());
          for (int row = 0; row < count; row++) {
            int at = row * width;
            words.read((long) idOf.applyAsInt(first + row) * width, rows, at, width);
            positions.read((long) positionOf.applyAsInt(first + row) * width, position, 0, width);
            TokenOps.add(rows, at, position);
            TokenOps.normalize(rows, at, embeddingNorm, eps);
          }
          HostFloats.of(target).write((long) first * width, rows, 0, rows.length);
        });
  }

  @Override
  public void close() {
    wordEmbedding.close();
    positionEmbedding.close();
    layers.forEach(Layer::close);
  }

  /** Reads, fingerprints and keeps track of what to free if something is missing halfway. */
  private static final class Reader {

    private final BertConfig config;
    private final WeightSource source;
    private final int hidden;
    private final WeightFingerprint fingerprint = new WeightFingerprint();
    private final List<INDArray> owned = new ArrayList<>();

    Reader(BertConfig config, WeightSource source) {
      this.config = config;
      this.source = source;
      this.hidden = config.hiddenSize();
    }

    BertWeights read() {
      INDArray words = tensor("embeddings.word_embeddings.weight", config.vocabSize(), hidden);
      INDArray positions = positionsAndType();
      Norm norm = norm("embeddings.LayerNorm");
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < config.numHiddenLayers(); i++) {
        layers.add(layer("encoder.layer." + i));
      }
      return new BertWeights(
          Shared.of(words), Shared.of(positions), norm, List.copyOf(layers), fingerprint.hex());
    }

    private INDArray positionsAndType() {
      int positions = config.maxPositionEmbeddings();
      float[] sum = values("embeddings.position_embeddings.weight", positions, hidden);
      float[] types =
          values("embeddings.token_type_embeddings.weight", config.typeVocabSize(), hidden);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += types[i % hidden];
      }
      return keep(HostFloats.toTensor(sum, positions, hidden));
    }

    private Layer layer(String name) {
      return new Layer(
          queryKeyValue(name + ".attention.self"),
          dense(name + ".attention.output.dense", hidden, hidden),
          norm(name + ".attention.output.LayerNorm"),
          dense(name + ".intermediate.dense", hidden, config.intermediateSize()),
          dense(name + ".output.dense", config.intermediateSize(), hidden),
          norm(name + ".output.LayerNorm"));
    }

    /** One wide product is faster than three narrow ones. */
    private Dense queryKeyValue(String name) {
      INDArray wideWeight = keep(HostFloats.uninitialized(hidden, 3L * hidden));
      INDArray wideBias = keep(HostFloats.uninitialized(3L * hidden));
      HostFloats weight = HostFloats.of(wideWeight);
      HostFloats bias = HostFloats.of(wideBias);
      String[] parts = {".query", ".key", ".value"};
      for (int p = 0; p < parts.length; p++) {
        float[] part = denseValues(name + parts[p]);
        for (int row = 0; row < hidden; row++) {
          weight.write((3L * row + p) * hidden, part, row * hidden, hidden);
        }
        bias.write((long) p * hidden, values(name + parts[p] + ".bias", hidden), 0, hidden);
      }
      return new Dense(Shared.of(wideWeight), Shared.of(wideBias));
    }

    private float[] denseValues(String layer) {
      try (INDArray weight = source.denseWeight(layer, hidden, hidden)) {
        fingerprint.add(layer + ".weight", weight);
        return HostFloats.toArray(weight);
      }
    }

    private Dense dense(String layer, long in, long out) {
      INDArray weight = keep(source.denseWeight(layer, in, out));
      fingerprint.add(layer + ".weight", weight);
      return new Dense(Shared.of(weight), Shared.of(tensor(layer + ".bias", out)));
    }

    private Norm norm(String name) {
      return new Norm(values(name + ".weight", hidden), values(name + ".bias", hidden));
    }

    private float[] values(String name, long... shape) {
      try (INDArray tensor = source.tensor(name, shape)) {
        fingerprint.add(name, tensor);
        return HostFloats.toArray(tensor);
      }
    }

    private INDArray tensor(String name, long... shape) {
      INDArray tensor = keep(source.tensor(name, shape));
      fingerprint.add(name, tensor);
      return tensor;
    }

    private INDArray keep(INDArray tensor) {
      owned.add(tensor);
      return tensor;
    }
  }
}
