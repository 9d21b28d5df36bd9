package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The frozen weights of a T5 encoder, float32. Those of dense maps are as PyTorch stores them,
 * {@code [out, in]}.
 *
 * @param embedding {@code [vocabulary, C]}
 * @param positions what all layers add to their scores
 * @param layers one after the other
 * @param finalNorm after the last of them
 * @param fingerprint SHA-256 of all of them
 */
record T5Weights(
    INDArray embedding,
    RelativePositions positions,
    List<Layer> layers,
    RmsNorm finalNorm,
    String fingerprint)
    implements AutoCloseable {

  /**
   * One layer; I is heads times the head size, F the width of the feed-forward part.
   *
   * @param attentionNorm before the attention
   * @param queryKeyValue three maps side by side, {@code [3I, C]}
   * @param attentionOutput {@code [C, I]}
   * @param feedForwardNorm before the feed-forward part
   * @param inner {@code [F, C]}, or, if it is gated, {@code [2F, C]}
   * @param output {@code [C, F]}
   */
  record Layer(
      RmsNorm attentionNorm,
      INDArray queryKeyValue,
      INDArray attentionOutput,
      RmsNorm feedForwardNorm,
      INDArray inner,
      INDArray output)
      implements AutoCloseable {

    @Override
    public void close() {
      List.of(queryKeyValue, attentionOutput, inner, output).forEach(INDArray::close);
    }
  }

  /**
   * Reads all weights of a model.
   *
   * @param config its sizes
   * @param source where from; stays open
   */
  static T5Weights read(T5Config config, ShardedSafetensors source) {
    Reader reader = new Reader(config, source);
    try {
      return reader.read();
    } catch (RuntimeException | OutOfMemoryError e) {
      reader.owned.forEach(INDArray::close);
      throw e;
    }
  }

  @Override
  public void close() {
    embedding.close();
    layers.forEach(Layer::close);
  }

  /** Reads, fingerprints and keeps track of what to free if something is missing halfway. */
  private static final class Reader {

    private final T5Config config;
    private final ShardedSafetensors source;
    private final int width;
    private final int heads;
    private final WeightFingerprint fingerprint = new WeightFingerprint();
    private final List<INDArray> owned = new ArrayList<>();

    Reader(T5Config config, ShardedSafetensors source) {
      this.config = config;
      this.source = source;
      this.width = config.width();
      this.heads = config.attention().width();
    }

    T5Weights read() {
      INDArray embedding = embedding();
      RelativePositions positions = positions();
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < config.layers(); i++) {
        layers.add(layer("encoder.block." + i + ".layer."));
      }
      RmsNorm norm = norm("encoder.final_layer_norm");
      return new T5Weights(embedding, positions, List.copyOf(layers), norm, fingerprint.hex());
    }

    /** Files of the encoder alone may have the embedding under one of its names only. */
    private INDArray embedding() {
      String alone = "encoder.embed_tokens.weight";
      String shared = "shared.weight";
      String name = source.has(alone) && !source.has(shared) ? alone : shared;
      INDArray embedding = keep(source.tensor(name, config.vocabSize(), width));
      fingerprint.add(shared, embedding);
      return embedding;
    }

    private RelativePositions positions() {
      float[] bias =
          values(
              "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
              config.buckets(),
              config.heads());
      return new RelativePositions(config.buckets(), config.maxDistance(), bias);
    }

    private Layer layer(String name) {
      String attention = name + "0.SelfAttention.";
      String dense = name + "1.DenseReluDense.";
      PreNormMaps.Inner inner = config.inner();
      List<String> innerNames =
          inner.gated() ? List.of(dense + "wi_0", dense + "wi_1") : List.of(dense + "wi");
      return new Layer(
          norm(name + "0.layer_norm"),
          sideBySide(List.of(attention + "q", attention + "k", attention + "v"), heads),
          sideBySide(List.of(attention + "o"), width, heads),
          norm(name + "1.layer_norm"),
          sideBySide(innerNames, inner.width()),
          sideBySide(List.of(dense + "wo"), width, inner.width()));
    }

    private INDArray sideBySide(List<String> names, int out) {
      return sideBySide(names, out, width);
    }

    /** Maps that take the same as one map: one wide product is faster than several narrow ones. */
    private INDArray sideBySide(List<String> names, int out, int in) {
      long size = Math.multiplyExact((long) out, in);
      NativeMemory.require(
          Float.BYTES * size * names.size(), names.get(0) + " and those beside it");
      INDArray wide = keep(HostFloats.uninitialized((long) names.size() * out, in));
      for (int i = 0; i < names.size(); i++) {
        String name = names.get(i) + ".weight";
        try (INDArray part = source.tensor(name, out, in)) {
          fingerprint.add(name, part);
          Views.of(wide, i * size, out, in).assign(part);
        }
      }
      return wide;
    }

    private RmsNorm norm(String name) {
      return new RmsNorm(values(name, width), config.eps());
    }

    private float[] values(String name, long... shape) {
      try (INDArray tensor = source.tensor(name + ".weight", shape)) {
        fingerprint.add(name + ".weight", tensor);
        return HostFloats.toArray(tensor);
      }
    }

    private INDArray keep(INDArray tensor) {
      owned.add(tensor);
      return tensor;
    }
  }
}
