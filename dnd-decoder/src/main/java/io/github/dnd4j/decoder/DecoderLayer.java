package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the decoder's layers share: feature maps {@code [B, N, L, C]} go in and out, which DL4J sees
 * as NCHW images of N channels, height L and width C.
 */
abstract class DecoderLayer extends BaseLayer {

  private static final long serialVersionUID = 1L;

  /** Not part of the configuration: which code runs a layer is the application's choice. */
  private transient Convolution convolution;

  /** For DL4J, which fills the fields in when it reads a configuration. */
  protected DecoderLayer() {}

  /**
   * Takes over what the builder was told.
   *
   * @param builder DL4J's settings
   * @param convolution the engine, or null for the direct one
   */
  protected DecoderLayer(BaseLayer.Builder<?> builder, Convolution convolution) {
    super(builder);
    this.convolution = convolution;
  }

  abstract FeatureShape inputShape();

  abstract FeatureShape outputShape();

  /** The layer's parameters in the order of DL4J's flat array. */
  abstract List<ParameterSpec> parameters();

  /** The runtime of this layer, without its parameters. */
  abstract DecoderLayerRuntime<?> newRuntime(
      NeuralNetConfiguration configuration, DataType dataType);

  /** What sets layers of a class apart beyond DL4J's own settings. */
  abstract List<Object> structure();

  /** Numbers per example that a training step keeps between forward and backward pass. */
  abstract long keptForBackward();

  Convolution convolution() {
    return convolution == null ? new DirectConvolution() : convolution;
  }

  @Override
  public org.deeplearning4j.nn.api.Layer instantiate(
      NeuralNetConfiguration configuration,
      java.util.Collection<TrainingListener> listeners,
      int index,
      INDArray parametersView,
      boolean initialiseParameters,
      DataType dataType) {
    if (dataType != DataType.FLOAT) {
      throw new InvalidInputException(
          "layer "
              + getLayerName()
              + " works in FLOAT, but the network's data type is "
              + dataType
              + ": set dataType(DataType.FLOAT)");
    }
    DecoderLayerRuntime<?> runtime = newRuntime(configuration, dataType);
    runtime.setListeners(listeners);
    runtime.setIndex(index);
    runtime.setParamsViewArray(parametersView);
    Map<String, INDArray> table =
        initializer().init(configuration, parametersView, initialiseParameters);
    runtime.setParamTable(table);
    runtime.setConf(configuration);
    return runtime;
  }

  /**
   * A runtime of its own, in no network, that only goes forward.
   *
   * @param parameters by their names in DL4J's tables; their owner closes them
   */
  final DecoderLayerRuntime<?> forInference(Map<String, INDArray> parameters) {
    NeuralNetConfiguration configuration =
        new NeuralNetConfiguration.Builder().dataType(DataType.FLOAT).layer(this).build();
    DecoderLayerRuntime<?> runtime = newRuntime(configuration, DataType.FLOAT);
    runtime.setParamTable(parameters);
    return runtime;
  }

  @Override
  public org.deeplearning4j.nn.api.ParamInitializer initializer() {
    return DecoderParameterInitializer.INSTANCE;
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType inputType) {
    checkInput(inputType);
    FeatureShape out = outputShape();
    return InputType.convolutional(out.l(), out.c(), out.n());
  }

  @Override
  public void setNIn(InputType inputType, boolean override) {
    checkInput(inputType);
  }

  private void checkInput(InputType inputType) {
    FeatureShape in = inputShape();
    InputType expected = InputType.convolutional(in.l(), in.c(), in.n());
    if (!expected.equals(inputType)) {
      throw new ShapeMismatchException(
          "layer "
              + getLayerName()
              + " takes "
              + expected
              + " (channels N, height L, width C = "
              + in
              + "), but gets "
              + inputType);
    }
  }

  @Override
  public InputPreProcessor getPreProcessorForInputType(InputType inputType) {
    return null; // feature maps come as they are
  }

  @Override
  public boolean isPretrainParam(String name) {
    return false;
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType inputType) {
    long size = parameters().stream().mapToLong(ParameterSpec::size).sum();
    long updaterState = getIUpdater() == null ? 0 : getIUpdater().stateSize(size);
    return new LayerMemoryReport.Builder(
            getLayerName(), getClass(), inputType, getOutputType(-1, inputType))
        .standardMemory(size, updaterState)
        .workingMemory(0, 0, 0, keptForBackward())
        .cacheMemory(0, 0)
        .build();
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other)
        && other instanceof DecoderLayer layer
        && structure().equals(layer.structure());
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + structure().hashCode();
  }

  static ParameterSpec weight(String name, String fileName, double bound, long... shape) {
    return spec(name, fileName, false, ParameterSpec.Initialisation.uniform(bound), shape);
  }

  static ParameterSpec bias(String name, String fileName, double bound, long... shape) {
    return spec(name, fileName, true, ParameterSpec.Initialisation.uniform(bound), shape);
  }

  static ParameterSpec spec(
      String name,
      String fileName,
      boolean bias,
      ParameterSpec.Initialisation initialisation,
      long... shape) {
    return new ParameterSpec(
        name, fileName, Arrays.stream(shape).boxed().toList(), bias, initialisation);
  }
}
