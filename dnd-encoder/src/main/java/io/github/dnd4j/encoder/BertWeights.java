package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The frozen weights of a BERT encoder. They may share tensors with other weights; {@link #close()}
 * frees those that no others use.
 *
 * @param wordEmbedding {@code [vocabulary, C]}
 * @param positionEmbedding {@code [positions, C]}; the embedding of token type 0, which every token
 *     has if there are types, is added already
 * @param embeddingNorm the LayerNorm of the embeddings
 * @param relativePositions what all layers add to their scores; null if that is nothing
 * @param layers one after the other
 * @param fingerprint SHA-256 of all of them
 */
record BertWeights(
    Shared<INDArray> wordEmbedding,
    Shared<INDArray> positionEmbedding,
    Norm embeddingNorm,
    RelativePositions relativePositions,
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
        relativePositions,
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
   * @param config the model
   * @param tokens as many as there are rows
   */
  void embed(INDArray target, BertConfig config, TokenBatch tokens) {
    embed(target, config, tokens, Workers.preferredThreads());
  }

  /** The same by so many threads. */
  void embed(INDArray target, BertConfig config, TokenBatch tokens, int threads) {
    int width = (int) target.size(1);
    int[] positions = tokens.positions(config.paddingId());
    RowBlocks.forEach(
        (int) target.size(0),
        threads,
        (first, count) -> {
          float[] rows = new float[count * width];
          float[] position = new float[width];
          HostFloats words = HostFloats.of(wordEmbedding.get());
          HostFloats places = HostFloats.of(positionEmbedding.get());
          for (int row = 0; row < count; row++) {
            int at = row * width;
            words.read((long) tokens.ids()[first + row] * width, rows, at, width);
            places.read((long) positions[first + row] * width, position, 0, width);
            TokenOps.add(rows, at, position);
            TokenOps.normalize(rows, at, embeddingNorm, config.layerNormEps());
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
    private final BertNames names;
    private final int hidden;
    private final WeightFingerprint fingerprint = new WeightFingerprint();
    private final List<INDArray> owned = new ArrayList<>();

    Reader(BertConfig config, WeightSource source) {
      this.config = config;
      this.source = source;
      this.names = config.family().names();
      this.hidden = config.hiddenSize();
    }

    BertWeights read() {
      INDArray words = tensor("embeddings.word_embeddings.weight", config.vocabSize(), hidden);
      INDArray positions = positionsAndType();
      Norm norm = norm("embeddings.LayerNorm");
      RelativePositions relative = relativePositions();
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < config.numHiddenLayers(); i++) {
        layers.add(layer(names.prefixOf(i)));
      }
      return new BertWeights(
          Shared.of(words),
          Shared.of(positions),
          norm,
          relative,
          List.copyOf(layers),
          fingerprint.hex());
    }

    private INDArray positionsAndType() {
      int positions = config.maxPositionEmbeddings();
      float[] sum = values("embeddings.position_embeddings.weight", positions, hidden);
      if (config.family().hasTypes()) {
        float[] types =
            values("embeddings.token_type_embeddings.weight", config.typeVocabSize(), hidden);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += types[i % hidden];
        }
      }
      return keep(HostFloats.toTensor(sum, positions, hidden));
    }

    private RelativePositions relativePositions() {
      if (!config.family().hasRelativePositions()) {
        return null;
      }
      int buckets = BertConfig.MPNET_BUCKETS;
      float[] bias =
          values("encoder.relative_attention_bias.weight", buckets, config.numAttentionHeads());
      return new RelativePositions(buckets, BertConfig.MPNET_MAX_DISTANCE, bias);
    }

    private Layer layer(String prefix) {
      return new Layer(
          queryKeyValue(prefix),
          dense(prefix + names.attentionOutput(), hidden, hidden),
          norm(prefix + names.attentionNorm()),
          dense(prefix + names.intermediate(), hidden, config.intermediateSize()),
          dense(prefix + names.output(), config.intermediateSize(), hidden),
          norm(prefix + names.outputNorm()));
    }

    /** One wide product is faster than three narrow ones. */
    private Dense queryKeyValue(String prefix) {
      INDArray wideWeight = keep(HostFloats.uninitialized(hidden, 3L * hidden));
      INDArray wideBias = keep(HostFloats.uninitialized(3L * hidden));
      HostFloats weight = HostFloats.of(wideWeight);
      HostFloats bias = HostFloats.of(wideBias);
      for (int p = 0; p < 3; p++) {
        String name = prefix + names.queryKeyValue().get(p);
        float[] part = denseValues(name);
        for (int row = 0; row < hidden; row++) {
          weight.write((3L * row + p) * hidden, part, row * hidden, hidden);
        }
        bias.write((long) p * hidden, values(name + ".bias", hidden), 0, hidden);
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
