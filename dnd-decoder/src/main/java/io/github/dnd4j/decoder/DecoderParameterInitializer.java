package io.github.dnd4j.decoder;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Cuts DL4J's flat parameter array into a decoder layer's parameters, and gives fresh ones. */
final class DecoderParameterInitializer implements ParamInitializer {

  static final DecoderParameterInitializer INSTANCE = new DecoderParameterInitializer();

  private DecoderParameterInitializer() {}

  @Override
  public long numParams(NeuralNetConfiguration configuration) {
    return numParams(configuration.getLayer());
  }

  @Override
  public long numParams(Layer layer) {
    return specs(layer).stream().mapToLong(ParameterSpec::size).sum();
  }

  @Override
  public List<String> paramKeys(Layer layer) {
    return specs(layer).stream().map(ParameterSpec::name).toList();
  }

  @Override
  public List<String> weightKeys(Layer layer) {
    return specs(layer).stream().filter(spec -> !spec.bias()).map(ParameterSpec::name).toList();
  }

  @Override
  public List<String> biasKeys(Layer layer) {
    return specs(layer).stream().filter(ParameterSpec::bias).map(ParameterSpec::name).toList();
  }

  @Override
  public boolean isWeightParam(Layer layer, String key) {
    return weightKeys(layer).contains(key);
  }

  @Override
  public boolean isBiasParam(Layer layer, String key) {
    return biasKeys(layer).contains(key);
  }

  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration configuration, INDArray flat, boolean initialise) {
    Layer layer = configuration.getLayer();
    Map<String, INDArray> views = views(layer, flat);
    if (initialise) {
      FreshParameters.fill((DecoderLayer) layer, views::get, configuration.getSeed());
    }
    specs(layer).forEach(spec -> configuration.addVariable(spec.name()));
    return views;
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration configuration, INDArray flat) {
    return views(configuration.getLayer(), flat);
  }

  private static Map<String, INDArray> views(Layer layer, INDArray flat) {
    Map<String, INDArray> views = new LinkedHashMap<>();
    long offset = 0;
    for (ParameterSpec spec : specs(layer)) {
      INDArray view = flat.get(NDArrayIndex.interval(offset, offset + spec.size()));
      views.put(spec.name(), view.reshape('c', spec.dimensions()));
      offset += spec.size();
    }
    return views;
  }

  private static List<ParameterSpec> specs(Layer layer) {
    return ((DecoderLayer) layer).parameters();
  }
}
