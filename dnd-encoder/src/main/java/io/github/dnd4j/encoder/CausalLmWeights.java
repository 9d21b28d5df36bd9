package io.github.dnd4j.encoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.TensorType;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The frozen weights of the first layers of a language model; matrices are kept in the precision of
 * their file.
 *
 * @param embedding {@code [vocabulary, C]}
 * @param layers one after the other
 * @param fingerprint SHA-256 of all of them
 */
record CausalLmWeights(
    PackedMatrix embedding, List<Layer> layers, BackgroundFingerprint fingerprint)
    implements AutoCloseable {

  /**
   * One layer.
   *
   * @param attentionNorm before the attention
   * @param queryKeyValue three dense maps side by side
   * @param queryNorm of each query head, or null
   * @param keyNorm of each key head, or null
   * @param output behind the attention, to C
   * @param feedForwardNorm before the feed-forward part
   * @param gate {@code C -> F}
   * @param up {@code C -> F}
   * @param down {@code F -> C}
   */
  record Layer(
      RmsNorm attentionNorm,
      PackedDense queryKeyValue,
      RmsNorm queryNorm,
      RmsNorm keyNorm,
      PackedDense output,
      RmsNorm feedForwardNorm,
      PackedDense gate,
      PackedDense up,
      PackedDense down) {}

  /**
   * Reads the weights of a model's first layers.
   *
   * @param config its sizes
   * @param layers how many layers
   * @param source where from; stays open
   */
  static CausalLmWeights read(CausalLmConfig config, int layers, ShardedSafetensors source) {
    Reader reader = new Reader(config, source);
    try {
      return reader.read(layers);
    } catch (RuntimeException | OutOfMemoryError e) {
      reader.fingerprint.close();
      reader.owned.forEach(PackedMatrix::close);
      throw e;
    }
  }

  @Override
  public void close() {
    fingerprint.close();
    embedding.close();
    for (Layer layer : layers) {
      List.of(layer.queryKeyValue, layer.output, layer.gate, layer.up, layer.down)
          .forEach(PackedDense::close);
    }
  }

  /** Reads, fingerprints and keeps track of what to free if something is missing halfway. */
  private static final class Reader {

    private final CausalLmConfig config;
    private final ShardedSafetensors source;

    /** What stands before the names in a file of a whole model, and not in one of its base. */
    private final String prefix;

    private final int hidden;
    private final BackgroundFingerprint fingerprint = new BackgroundFingerprint();
    private final List<PackedMatrix> owned = new ArrayList<>();

    Reader(CausalLmConfig config, ShardedSafetensors source) {
      this.config = config;
      this.source = source;
      this.prefix = source.has("embed_tokens.weight") ? "" : "model.";
      this.hidden = config.hiddenSize();
    }

    CausalLmWeights read(int count) {
      PackedMatrix embedding = matrix(hidden, new Part("embed_tokens.weight", config.vocabSize()));
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        layers.add(layer("layers." + i + "."));
      }
      fingerprint.end();
      return new CausalLmWeights(embedding, List.copyOf(layers), fingerprint);
    }

    private Layer layer(String name) {
      int inner = config.intermediateSize();
      return new Layer(
          norm(name + "input_layernorm", hidden),
          queryKeyValue(name + "self_attn."),
          config.headNorms() ? headNorm(name + "self_attn.q_norm") : null,
          config.headNorms() ? headNorm(name + "self_attn.k_norm") : null,
          output(name + "self_attn.o_proj"),
          norm(name + "post_attention_layernorm", hidden),
          dense(name + "mlp.gate_proj", hidden, inner),
          dense(name + "mlp.up_proj", hidden, inner),
          dense(name + "mlp.down_proj", inner, hidden));
    }

    /** One wide product is faster than three narrow ones. */
    private PackedDense queryKeyValue(String name) {
      AttentionShape shape = config.attention();
      int keys = shape.keyValueHeads() * shape.headSize();
      PackedMatrix weight =
          matrix(
              hidden,
              new Part(name + "q_proj.weight", shape.width()),
              new Part(name + "k_proj.weight", keys),
              new Part(name + "v_proj.weight", keys));
      if (!config.queryKeyValueBias()) {
        return new PackedDense(weight, null);
      }
      float[] bias = new float[shape.inputWidth()];
      System.arraycopy(values(name + "q_proj.bias", shape.width()), 0, bias, 0, shape.width());
      System.arraycopy(values(name + "k_proj.bias", keys), 0, bias, shape.width(), keys);
      System.arraycopy(values(name + "v_proj.bias", keys), 0, bias, shape.width() + keys, keys);
      return new PackedDense(weight, bias);
    }

    private PackedDense output(String name) {
      PackedMatrix weight = matrix(config.attention().width(), new Part(name + ".weight", hidden));
      return new PackedDense(weight, config.outputBias() ? values(name + ".bias", hidden) : null);
    }

    private PackedDense dense(String name, int in, int out) {
      return new PackedDense(matrix(in, new Part(name + ".weight", out)), null);
    }

    private RmsNorm headNorm(String name) {
      return norm(name, config.attention().headSize());
    }

    private RmsNorm norm(String name, int size) {
      return new RmsNorm(values(name + ".weight", size), config.rmsNormEps());
    }

    /** A tensor that becomes some rows of a matrix. */
    private record Part(String name, int rows) {}

    /** Tensors one below the other. Shapes are checked before memory is asked for. */
    private PackedMatrix matrix(int columns, Part... parts) {
      int rows = 0;
      PackedMatrix.Kind kind = null;
      for (Part part : parts) {
        TensorType type = source.type(prefix + part.name, part.rows, columns);
        PackedMatrix.Kind own = PackedMatrix.Kind.of(type);
        kind = kind == null || kind == own ? own : PackedMatrix.Kind.FLOAT32;
        rows = Math.addExact(rows, part.rows);
      }
      PackedMatrix matrix = new PackedMatrix(rows, columns, kind);
      owned.add(matrix);
      int first = 0;
      for (Part part : parts) {
        source.readInto(prefix + part.name, matrix.view(first, part.rows));
        matrix.checkFinite(first, part.rows, part.name);
        fingerprint.add(part.name, matrix, first, part.rows);
        first += part.rows;
      }
      return matrix;
    }

    private float[] values(String name, int size) {
      try (INDArray tensor = source.tensor(prefix + name, size)) {
        float[] values = HostFloats.toArray(tensor);
        fingerprint.add(name, values);
        return values;
      }
    }
  }
}
