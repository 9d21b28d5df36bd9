package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.ParameterSpec.Initialisation;
import io.github.dnd4j.internal.Checks;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * One stage of the hyper-convolutional decoder as a DL4J layer: maps a feature map {@code [B, N, L,
 * C]} to {@code [B, n, l, c]}, mixing along each of the three axes in turn with large kernels.
 *
 * <pre>
 * z   = LayerNorm over (L, C), eps 1e-5
 * u   = conv1h( conv1w(z) )         conv1w mixes C to c over the (L, N) plane, conv1h L to l over (N, c)
 * v   = tanh( conv2w( conv2h(z) ) ) conv2h mixes L to l over the (N, C) plane, conv2w C to c over (l, N)
 * y   = (u + v + bias) / 3
 * o   = convN(y)                    mixes N to n over the (l, c) plane
 * out = x + o if o has the shape of x, else o
 * </pre>
 *
 * <p>Source: the reference implementation of Drag-and-Drop LLMs (arXiv 2506.16406). Forward and
 * backward pass are written out, so it trains like any other layer:
 *
 * <pre>{@code
 * new NeuralNetConfiguration.Builder()
 *     .graphBuilder()
 *     .addInputs("condition")
 *     .setInputTypes(InputType.convolutional(20, 24, 6)) // L, C, N
 *     .addLayer(
 *         "stage0",
 *         new HyperConvLayer.Builder()
 *             .shapes(new FeatureShape(6, 20, 24), new FeatureShape(8, 16, 18))
 *             .kernel(5)
 *             .build(),
 *         "condition")
 * }</pre>
 *
 * <p>Works in FLOAT only, as oneDNN's convolutions do. DL4J's settings of activation function and
 * weight initialisation have no effect: the formulas above say both.
 */
public final class HyperConvLayer extends DecoderLayer {

  private static final long serialVersionUID = 1L;

  static final String NORM_WEIGHT = "normWeight";
  static final String NORM_BIAS = "normBias";
  static final String CONV1W = "conv1w";
  static final String CONV1H = "conv1h";
  static final String CONV2H = "conv2h";
  static final String CONV2W = "conv2w";
  static final String BIAS = "bias";
  static final String CONV_N_WEIGHT = "convNWeight";
  static final String CONV_N_BIAS = "convNBias";

  // DL4J writes configurations by getters, which these fields do not have: hence the annotations.

  /** N of what goes in. */
  @JsonProperty private int inputN;

  /** L of what goes in. */
  @JsonProperty private int inputL;

  /** C of what goes in. */
  @JsonProperty private int inputC;

  /** N of what comes out. */
  @JsonProperty private int outputN;

  /** L of what comes out. */
  @JsonProperty private int outputL;

  /** C of what comes out. */
  @JsonProperty private int outputC;

  /** The kernel's height and width. */
  @JsonProperty private int kernel;

  /** For DL4J, which fills the fields in when it reads a configuration. */
  HyperConvLayer() {}

  private HyperConvLayer(Builder builder) {
    super(builder, builder.convolution);
    FeatureShape in = Checks.notNull(builder.input, "input shape");
    FeatureShape out = Checks.notNull(builder.output, "output shape");
    this.inputN = in.n();
    this.inputL = in.l();
    this.inputC = in.c();
    this.outputN = out.n();
    this.outputL = out.l();
    this.outputC = out.c();
    this.kernel = builder.kernel;
  }

  @Override
  FeatureShape inputShape() {
    return new FeatureShape(inputN, inputL, inputC);
  }

  @Override
  FeatureShape outputShape() {
    return new FeatureShape(outputN, outputL, outputC);
  }

  /** Convolution weights get PyTorch's default, Kaiming-uniform with a = sqrt(5). */
  @Override
  List<ParameterSpec> parameters() {
    int k = kernel;
    double alongC = kaimingBound(inputC);
    double alongL = kaimingBound(inputL);
    double alongN = kaimingBound(inputN);
    String inner = "linear1.";
    return List.of(
        spec(NORM_WEIGHT, inner + "norm.weight", false, Initialisation.constant(1), inputL, inputC),
        spec(NORM_BIAS, inner + "norm.bias", true, Initialisation.constant(0), inputL, inputC),
        weight(CONV1W, inner + "conv1w.weight", alongC, outputC, inputC, k, k),
        weight(CONV1H, inner + "conv1h.weight", alongL, outputL, inputL, k, k),
        weight(CONV2H, inner + "conv2h.weight", alongL, outputL, inputL, k, k),
        weight(CONV2W, inner + "conv2w.weight", alongC, outputC, inputC, k, k),
        bias(BIAS, inner + "bias", 1.0 / ((double) outputL * outputC), outputL, outputC),
        weight(CONV_N_WEIGHT, "linear2.weight", alongN, outputN, inputN, k, k),
        bias(CONV_N_BIAS, "linear2.bias", alongN, outputN));
  }

  private double kaimingBound(int inChannels) {
    return 1 / Math.sqrt((double) inChannels * kernel * kernel);
  }

  @Override
  DecoderLayerRuntime<?> newRuntime(NeuralNetConfiguration configuration, DataType dataType) {
    return new HyperConvRuntime(configuration, dataType);
  }

  @Override
  List<Object> structure() {
    return List.of(inputShape(), outputShape(), kernel);
  }

  /** What {@link HyperConvStage} keeps: both inner maps, the tanh, the mixed map and the norm. */
  @Override
  long keptForBackward() {
    long widthMixed = (long) inputN * inputL * outputC;
    long lengthMixed = (long) inputN * outputL * inputC;
    long mixed = (long) inputN * outputL * outputC;
    return widthMixed + lengthMixed + 2 * mixed + 2L * inputN;
  }

  /** Builds the layer's configuration. */
  @SuppressWarnings("unchecked") // DL4J's signature of build()
  public static final class Builder extends BaseLayer.Builder<Builder> {

    private FeatureShape input;
    private FeatureShape output;
    private int kernel = 9;
    private Convolution convolution;

    /** Starts with kernel 9 and no shapes. */
    public Builder() {}

    /**
     * The feature maps. Required.
     *
     * @param in what goes in, (N, L, C)
     * @param out what comes out, (n, l, c)
     * @return this builder
     */
    public Builder shapes(FeatureShape in, FeatureShape out) {
      this.input = in;
      this.output = out;
      return this;
    }

    /**
     * The kernel.
     *
     * @param size its height and width, odd; 9 unless set
     * @return this builder
     */
    public Builder kernel(int size) {
      this.kernel = HyperConvConfig.checkKernel(size);
      return this;
    }

    /**
     * What computes the convolutions.
     *
     * @param engine the engine; ND4J's own convolution unless set. It is not written into a saved
     *     configuration
     * @return this builder
     */
    public Builder convolution(Convolution engine) {
      this.convolution = engine;
      return this;
    }

    @Override
    public HyperConvLayer build() {
      return new HyperConvLayer(this);
    }
  }
}
