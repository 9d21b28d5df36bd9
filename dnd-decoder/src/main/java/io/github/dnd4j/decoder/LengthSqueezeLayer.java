package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import io.github.dnd4j.internal.Checks;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The length squeeze in front of a decoder for long prompts as a DL4J layer: maps {@code [B, N, L,
 * C]} to {@code [B, N, L', C]} by two linear maps along the length. See {@link LengthSqueeze} for
 * its two variants. Works in FLOAT only.
 */
public final class LengthSqueezeLayer extends DecoderLayer {

  private static final long serialVersionUID = 1L;

  static final String DOWN_WEIGHT = "downWeight";
  static final String DOWN_BIAS = "downBias";
  static final String GATE_WEIGHT = "gateWeight";
  static final String GATE_BIAS = "gateBias";

  // DL4J writes configurations by getters, which these fields do not have: hence the annotations.

  /** The prompts, which stay. */
  @JsonProperty private int n;

  /** The length before the squeeze. */
  @JsonProperty private int lengthIn;

  /** The length behind the squeeze. */
  @JsonProperty private int lengthOut;

  /** The width, which stays. */
  @JsonProperty private int c;

  /** Which of the two forms of the squeeze. */
  @JsonProperty private Variant variant;

  /** For DL4J, which fills the fields in when it reads a configuration. */
  LengthSqueezeLayer() {}

  private LengthSqueezeLayer(Builder builder) {
    super(builder, builder.convolution);
    LengthSqueeze squeeze = Checks.notNull(builder.squeeze, "squeeze");
    FeatureShape out = Checks.notNull(builder.output, "output shape");
    this.n = out.n();
    this.lengthIn = squeeze.length();
    this.lengthOut = out.l();
    this.c = out.c();
    this.variant = squeeze.variant();
  }

  Variant variant() {
    return variant;
  }

  @Override
  FeatureShape inputShape() {
    return new FeatureShape(n, lengthIn, c);
  }

  @Override
  FeatureShape outputShape() {
    return new FeatureShape(n, lengthOut, c);
  }

  /** PyTorch's default for linear maps. */
  @Override
  List<ParameterSpec> parameters() {
    double down = 1 / Math.sqrt(lengthIn);
    double gate = 1 / Math.sqrt(lengthOut);
    return List.of(
        weight(DOWN_WEIGHT, "down_proj.weight", down, lengthOut, lengthIn),
        bias(DOWN_BIAS, "down_proj.bias", down, lengthOut),
        weight(GATE_WEIGHT, "gate_proj.weight", gate, lengthOut, lengthOut),
        bias(GATE_BIAS, "gate_proj.bias", gate, lengthOut));
  }

  @Override
  DecoderLayerRuntime<?> newRuntime(NeuralNetConfiguration configuration, DataType dataType) {
    return new LengthSqueezeRuntime(configuration, dataType);
  }

  @Override
  List<Object> structure() {
    return List.of(inputShape(), outputShape(), variant);
  }

  @Override
  long keptForBackward() {
    return (long) n * lengthOut * c;
  }

  /** Builds the layer's configuration. */
  @SuppressWarnings("unchecked") // DL4J's signature of build()
  public static final class Builder extends BaseLayer.Builder<Builder> {

    private LengthSqueeze squeeze;
    private FeatureShape output;
    private Convolution convolution;

    /** Starts with nothing set. */
    public Builder() {}

    /**
     * The variant and the length before it. Required.
     *
     * @param value the squeeze
     * @return this builder
     */
    public Builder squeeze(LengthSqueeze value) {
      this.squeeze = value;
      return this;
    }

    /**
     * The feature map behind it. Required.
     *
     * @param out what comes out, (N, L', C)
     * @return this builder
     */
    public Builder output(FeatureShape out) {
      this.output = out;
      return this;
    }

    /**
     * What computes the linear maps, as convolutions of kernel 1.
     *
     * @param engine the engine; ND4J's own convolution unless set
     * @return this builder
     */
    public Builder convolution(Convolution engine) {
      this.convolution = engine;
      return this;
    }

    @Override
    public LengthSqueezeLayer build() {
      return new LengthSqueezeLayer(this);
    }
  }
}
