package io.github.dnd4j.decoder;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Builds the DL4J graph of a decoder and names its parameters as checkpoints do. */
final class DecoderGraph {

  private static final String INPUT = "condition";
  private static final String SQUEEZE = "squeeze";
  private static final String STAGE = "stage";

  /** Where the reference implementation's checkpoints keep the stages. */
  private static final String STAGE_PREFIX = "model.decoder.module_list.";

  private DecoderGraph() {}

  /** The layers in order, without names, run by the direct engine. */
  static List<DecoderLayer> layersOf(HyperConvConfig config) {
    return layersOf(config, null);
  }

  /** The layers in order, run by an engine. */
  static List<DecoderLayer> layersOf(HyperConvConfig config, Convolution convolution) {
    List<DecoderLayer> layers = new ArrayList<>();
    List<FeatureShape> features = config.features();
    config
        .squeeze()
        .ifPresent(
            squeeze ->
                layers.add(
                    new LengthSqueezeLayer.Builder()
                        .name(SQUEEZE)
                        .squeeze(squeeze)
                        .output(features.get(0))
                        .convolution(convolution)
                        .build()));
    for (int i = 0; i + 1 < features.size(); i++) {
      layers.add(
          new HyperConvLayer.Builder()
              .name(STAGE + i)
              .shapes(features.get(i), features.get(i + 1))
              .kernel(config.kernel())
              .convolution(convolution)
              .build());
    }
    return layers;
  }

  /** The graph's configuration. */
  static ComputationGraphConfiguration configuration(
      HyperConvConfig config, Convolution convolution) {
    ComputationGraphConfiguration.GraphBuilder builder =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.FLOAT)
            .graphBuilder()
            .addInputs(INPUT)
            .setInputTypes(inputType(config));
    String previous = INPUT;
    for (DecoderLayer layer : layersOf(config, convolution)) {
      builder.addLayer(layer.getLayerName(), layer, previous);
      previous = layer.getLayerName();
    }
    return builder.setOutputs(previous).build();
  }

  private static InputType inputType(HyperConvConfig config) {
    var shape = config.conditionShape();
    return InputType.convolutional(shape.textLength(), shape.dimension(), shape.prompts());
  }

  /**
   * Flat memory for the parameters of a decoder, of undefined content. The graph only has views of
   * it, which ND4J does not close: whoever builds a graph on it keeps it and closes it.
   */
  static INDArray flatParameters(HyperConvConfig config) {
    requireMemory(config);
    return HostFloats.uninitialized(config.parameterCount());
  }

  /** A graph on flat parameters. */
  static ComputationGraph on(
      INDArray flatParameters, HyperConvConfig config, Convolution convolution) {
    ComputationGraph graph = new ComputationGraph(configuration(config, convolution));
    graph.init(flatParameters, false);
    return graph;
  }

  /** Gives a graph's layers fresh parameters. */
  static void initialise(ComputationGraph graph, long seed) {
    for (org.deeplearning4j.nn.api.Layer runtime : graph.getLayers()) {
      FreshParameters.fill((DecoderLayer) runtime.conf().getLayer(), runtime::getParam, seed);
    }
  }

  private static void requireMemory(HyperConvConfig config) {
    NativeMemory.require(
        Float.BYTES * config.parameterCount(),
        "a decoder of " + config.parameterCount() + " parameters");
  }

  /**
   * Frees what a graph has beside its parameters: what its layers keep and, if it was trained, its
   * gradients and the updater's state. ComputationGraph's own method also ends all workspaces of
   * the thread, other networks' too, and asks for a garbage collection.
   */
  static void close(ComputationGraph graph) {
    graph.clearLayersStates();
    ComputationGraphUpdater updater = graph.getUpdater(false);
    closeIfOwned(updater == null ? null : updater.getStateViewArray());
    closeIfOwned(graph.getFlattenedGradients());
  }

  private static void closeIfOwned(INDArray array) {
    if (array != null && array.closeable()) {
      array.close();
    }
  }

  /** The parameters by their names in a checkpoint, in the order of the flat array. */
  static Map<String, INDArray> parametersByFileName(ComputationGraph graph) {
    Map<String, INDArray> parameters = new LinkedHashMap<>();
    for (org.deeplearning4j.nn.api.Layer runtime : graph.getLayers()) {
      DecoderLayer layer = (DecoderLayer) runtime.conf().getLayer();
      for (ParameterSpec spec : layer.parameters()) {
        parameters.put(fileName(layer, spec), runtime.getParam(spec.name()));
      }
    }
    return parameters;
  }

  /** The shapes of a structure's parameters by their names in a checkpoint. */
  static Map<String, List<Long>> shapesByFileName(HyperConvConfig config) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (DecoderLayer layer : layersOf(config)) {
      for (ParameterSpec spec : layer.parameters()) {
        shapes.put(fileName(layer, spec), spec.shape());
      }
    }
    return shapes;
  }

  /** A parameter's name in a checkpoint. */
  static String fileName(DecoderLayer layer, ParameterSpec spec) {
    String name = layer.getLayerName();
    String prefix = name.equals(SQUEEZE) ? "" : STAGE_PREFIX + name.substring(STAGE.length()) + ".";
    return prefix + spec.fileName();
  }
}
