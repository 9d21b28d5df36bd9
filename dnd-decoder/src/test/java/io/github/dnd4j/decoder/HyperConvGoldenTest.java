package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.spi.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("The hyper-convolutional decoder, against PyTorch's values")
class HyperConvGoldenTest {

  private static final double TOLERANCE = 1e-5;

  @ParameterizedTest
  @CsvSource({
    "hyper_conv_weights.pth, DIRECT",
    "hyper_conv_weights.pth, FAST",
    "hyper_conv_weights.safetensors, DIRECT",
    "hyper_conv_weights.safetensors, FAST"
  })
  @DisplayName("decodes a batch of conditions, from either kind of file, with either engine")
  void decodes(String file, ConvolutionEngine engine) {
    // given
    try (Convolution convolution = engine.create();
        HyperConvDecoder decoder =
            HyperConvDecoder.load(Golden.file(file), Golden.CONFIG, convolution);
        TensorFile golden = Golden.open("hyper_conv_values.safetensors");
        INDArray condition = golden.read("condition");
        INDArray expected = golden.read("output");
        // when
        INDArray tokens = decoder.decode(condition, ProgressListener.NONE)) {
      // then
      Golden.assertClose("output", tokens, expected, TOLERANCE);
    }
  }

  @Test
  @DisplayName("tells its progress stage by stage")
  void progress() {
    // given
    List<String> heard = new ArrayList<>();
    try (HyperConvDecoder decoder =
            HyperConvDecoder.load(Golden.file("hyper_conv_weights.safetensors"), Golden.CONFIG);
        TensorFile golden = Golden.open("hyper_conv_values.safetensors");
        INDArray condition = golden.read("condition");
        // when
        INDArray tokens =
            decoder.decode(condition, (done, total) -> heard.add(done + "/" + total))) {
      // then
      assertThat(heard).containsExactly("0/3", "1/3", "2/3", "3/3");
      assertThat(tokens.shape()).containsExactly(2, 5, 4, 6);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"DIRECT", "FAST"})
  @DisplayName("gives the same through DL4J's own output method, in its workspaces")
  void graphOutput(ConvolutionEngine engine) {
    // given
    try (Convolution convolution = engine.create();
        HyperConvDecoder decoder = goldenDecoder(convolution);
        TensorFile golden = Golden.open("hyper_conv_values.safetensors");
        INDArray condition = golden.read("condition");
        INDArray expected = golden.read("output")) {
      // when
      INDArray output = decoder.graph().outputSingle(condition);
      // then
      Golden.assertClose("output", output, expected, TOLERANCE);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"DIRECT", "FAST"})
  @DisplayName("has the gradients of its condition and of every parameter")
  void gradients(ConvolutionEngine engine) {
    // given
    try (Convolution convolution = engine.create();
        HyperConvDecoder decoder = goldenDecoder(convolution);
        TensorFile golden = Golden.open("hyper_conv_values.safetensors")) {
      // when
      Gradient gradient = backpropagate(decoder.graph(), golden);
      // then
      assertGradients(decoder.graph(), gradient, golden);
    }
  }

  @ParameterizedTest
  @CsvSource({"permute, DIRECT", "permute, FAST", "reshape, DIRECT", "reshape, FAST"})
  @DisplayName("squeezes long conditions in both variants, forward and backward")
  void squeeze(String variant, ConvolutionEngine engine) {
    // given a decoder whose first layer is the squeeze
    HyperConvConfig config =
        HyperConvConfig.of("(3,5,6) (2,4,4)", 3).withSqueeze(LengthSqueeze.parse(variant + ":14"));
    try (Convolution convolution = engine.create();
        HyperConvDecoder decoder = HyperConvDecoder.fresh(config, 1, convolution);
        TensorFile golden = Golden.open("squeeze_" + variant + ".safetensors");
        INDArray condition = golden.read("condition");
        INDArray expected = golden.read("output");
        INDArray probe = golden.read("probe")) {
      ComputationGraph squeeze = squeezeAlone(config, convolution);
      DecoderGraph.parametersByFileName(squeeze).forEach(golden::readInto);
      // when
      INDArray output = squeeze.outputSingle(condition);
      // then
      Golden.assertClose("output", output, expected, TOLERANCE);
      // and when
      Gradient gradient = backpropagate(squeeze, golden);
      // then
      assertGradients(squeeze, gradient, golden);
      assertThat(decoder.conditionShape().textLength()).isEqualTo(14);
    }
  }

  private static HyperConvDecoder goldenDecoder(Convolution convolution) {
    return HyperConvDecoder.load(
        Golden.file("hyper_conv_weights.safetensors"), Golden.CONFIG, convolution);
  }

  private static ComputationGraph squeezeAlone(HyperConvConfig config, Convolution convolution) {
    DecoderLayer layer = DecoderGraph.layersOf(config, convolution).get(0);
    FeatureShape in = layer.inputShape();
    ComputationGraph graph =
        new ComputationGraph(
            new org.deeplearning4j.nn.conf.NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("condition")
                .setInputTypes(
                    org.deeplearning4j.nn.conf.inputs.InputType.convolutional(
                        in.l(), in.c(), in.n()))
                .addLayer("squeeze", layer, "condition")
                .setOutputs("squeeze")
                .build());
    graph.init();
    return graph;
  }

  private static Gradient backpropagate(ComputationGraph graph, TensorFile golden) {
    try (INDArray condition = golden.read("condition");
        INDArray probe = golden.read("probe")) {
      graph.feedForward(new INDArray[] {condition}, true, false);
      return graph.backpropGradient(probe);
    }
  }

  private static void assertGradients(
      ComputationGraph graph, Gradient gradient, TensorFile golden) {
    Map<String, INDArray> byVariable = gradient.gradientForVariable();
    for (org.deeplearning4j.nn.api.Layer runtime : graph.getLayers()) {
      DecoderLayer layer = (DecoderLayer) runtime.conf().getLayer();
      String prefix =
          layer.getLayerName().startsWith("stage")
              ? "model.decoder.module_list." + layer.getLayerName().substring(5) + "."
              : "";
      for (ParameterSpec spec : layer.parameters()) {
        String name = prefix + spec.fileName();
        try (INDArray expected = golden.read("gradient." + name)) {
          Golden.assertClose(
              name, byVariable.get(layer.getLayerName() + "_" + spec.name()), expected, TOLERANCE);
        }
      }
    }
    try (INDArray actual = conditionGradient(graph, golden);
        INDArray expected = golden.read("gradient.condition")) {
      Golden.assertClose("condition gradient", actual, expected, TOLERANCE);
    }
  }

  /** DL4J does not hand out the gradient of a network's input, so its layers are asked in turn. */
  private static INDArray conditionGradient(ComputationGraph graph, TensorFile golden) {
    try (INDArray condition = golden.read("condition")) {
      graph.feedForward(new INDArray[] {condition}, true, false);
      INDArray gradient = golden.read("probe");
      for (int i = graph.getNumLayers() - 1; i >= 0; i--) {
        gradient =
            graph
                .getLayer(i)
                .backpropGradient(gradient, LayerWorkspaceMgr.noWorkspaces())
                .getSecond();
      }
      return gradient;
    }
  }
}
