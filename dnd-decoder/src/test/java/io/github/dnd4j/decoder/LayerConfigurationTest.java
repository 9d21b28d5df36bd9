package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;

@DisplayName("Configurations of the decoder's layers")
class LayerConfigurationTest {

  private static final FeatureShape IN = new FeatureShape(3, 6, 5);
  private static final FeatureShape OUT = new FeatureShape(4, 5, 6);
  private static final FeatureShape LONG = new FeatureShape(3, 12, 5);

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("come back from JSON, equal and with the same output")
  void json(Variant variant) {
    // given
    ComputationGraph graph = network(variant);
    // when
    ComputationGraphConfiguration read =
        ComputationGraphConfiguration.fromJson(graph.getConfiguration().toJson());
    // then
    assertThat(read).isEqualTo(graph.getConfiguration());
    ComputationGraph copy = new ComputationGraph(read);
    copy.init(graph.params(), true);
    assertSameOutput(copy, graph);
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("come back from a saved model and from a clone with the same output")
  void serializer(Variant variant, @TempDir Path folder) throws IOException {
    // given
    ComputationGraph graph = network(variant);
    Path file = folder.resolve("model.zip");
    // when
    ModelSerializer.writeModel(graph, file.toFile(), true);
    // then
    assertSameOutput(ModelSerializer.restoreComputationGraph(file.toFile()), graph);
    assertSameOutput(graph.clone(), graph);
  }

  @Test
  @DisplayName("are equal only if their shapes, kernels and variants are")
  void equality() {
    assertThat(stage(IN, OUT, 3)).isEqualTo(stage(IN, OUT, 3)).hasSameHashCodeAs(stage(IN, OUT, 3));
    assertThat(stage(IN, OUT, 3))
        .isNotEqualTo(stage(IN, OUT, 5))
        .isNotEqualTo(stage(IN, IN, 3))
        .isNotEqualTo(stage(OUT, OUT, 3))
        .isNotEqualTo(squeeze(Variant.PERMUTE))
        .isNotEqualTo(null);
    assertThat(squeeze(Variant.PERMUTE))
        .isEqualTo(squeeze(Variant.PERMUTE))
        .isNotEqualTo(squeeze(Variant.RESHAPE));
  }

  @Test
  @DisplayName("report the memory of parameters, updater and activations")
  void memoryReport() {
    // given
    HyperConvLayer layer = stage(IN, OUT, 3);
    layer.setIUpdater(new Adam());
    long parameters = layer.initializer().numParams(layer);
    // when
    LayerMemoryReport report = layer.getMemoryReport(InputType.convolutional(6, 5, 3));
    // then
    assertThat(report.getParameterSize()).isEqualTo(parameters);
    assertThat(report.getUpdaterStateSize()).isEqualTo(2 * parameters);
    // conv1w's output, conv2h's, the tanh and the mixed map, the norm's mean and deviation
    assertThat(report.getWorkingMemoryVariableTrain().get(CacheMode.NONE))
        .isEqualTo(3 * 6 * 6 + 3 * 5 * 5 + 2 * (3 * 5 * 6) + 2 * 3);
    assertThat(
            network(Variant.PERMUTE)
                .getConfiguration()
                .getMemoryReport(InputType.convolutional(12, 5, 3))
                .toString())
        .contains("HyperConvLayer")
        .contains("LengthSqueezeLayer");
  }

  @Test
  @DisplayName("name both shapes when an input does not fit")
  void wrongInputType() {
    for (InputType wrong :
        new InputType[] {
          InputType.convolutional(6, 4, 3),
          InputType.convolutional(6, 5, 3, CNN2DFormat.NHWC),
          InputType.feedForward(90)
        }) {
      assertThatThrownBy(() -> configuration(stage(IN, OUT, 3), wrong, DataType.FLOAT))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("layer only")
          .hasMessageContaining("(3,6,5)")
          .hasMessageContaining(InputType.convolutional(6, 5, 3).toString())
          .hasMessageContaining(wrong.toString());
    }
  }

  @Test
  @DisplayName("name both shapes when an array does not fit")
  void wrongArray() {
    // given
    ComputationGraph graph = network(Variant.PERMUTE);
    try (INDArray wrong = Tensors.gaussian(1, 2, 3, 11, 5)) {
      // then
      assertThatThrownBy(() -> graph.outputSingle(wrong))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("squeeze")
          .hasMessageContaining("[any, 3, 12, 5]")
          .hasMessageContaining("[2, 3, 11, 5]");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 2, 8})
  @DisplayName("refuse a kernel that is not odd and positive")
  void evenKernel(int kernel) {
    assertThatThrownBy(() -> new HyperConvLayer.Builder().kernel(kernel))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("the kernel must be odd and positive, but is " + kernel);
  }

  @Test
  @DisplayName("refuse to be built without their shapes")
  void missingShapes() {
    assertThatThrownBy(() -> new HyperConvLayer.Builder().build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("input shape must not be null");
    assertThatThrownBy(() -> new HyperConvLayer.Builder().shapes(IN, null).build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("output shape must not be null");
    assertThatThrownBy(() -> new LengthSqueezeLayer.Builder().output(IN).build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("squeeze must not be null");
    assertThatThrownBy(
            () ->
                new LengthSqueezeLayer.Builder()
                    .squeeze(new LengthSqueeze(Variant.PERMUTE, 3))
                    .build())
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("output shape must not be null");
  }

  @Test
  @DisplayName("refuse a network that is not of FLOAT")
  void doubleNetwork() {
    // given
    ComputationGraph graph =
        new ComputationGraph(
            configuration(stage(IN, OUT, 3), InputType.convolutional(6, 5, 3), DataType.DOUBLE));
    // then
    assertThatThrownBy(graph::init)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("layer only works in FLOAT")
        .hasMessageContaining("DOUBLE")
        .hasMessageContaining("set dataType(DataType.FLOAT)");
  }

  @Test
  @DisplayName("take an input of another type or memory layout as what it says")
  void inputLayouts() {
    // given
    ComputationGraph graph = network(Variant.PERMUTE);
    try (INDArray x = Tensors.gaussian(1, LONG, 2);
        INDArray doubles = x.castTo(DataType.DOUBLE);
        INDArray swapped = x.permute(0, 1, 3, 2).dup('c')) {
      INDArray expected = graph.outputSingle(x);
      // then
      Golden.assertClose("output of doubles", graph.outputSingle(doubles), expected, 1e-6);
      Golden.assertClose(
          "output of a permuted view",
          graph.outputSingle(swapped.permute(0, 1, 3, 2)),
          expected,
          1e-6);
      try (INDArray fortran = x.dup('f')) {
        Golden.assertClose("output of 'f' order", graph.outputSingle(fortran), expected, 1e-6);
      }
    }
  }

  private static void assertSameOutput(ComputationGraph actual, ComputationGraph expected) {
    try (INDArray x = Tensors.gaussian(1, LONG, 2)) {
      assertThat(Tensors.values(actual.outputSingle(x)))
          .isEqualTo(Tensors.values(expected.outputSingle(x)));
    }
  }

  private static HyperConvLayer stage(FeatureShape in, FeatureShape out, int kernel) {
    return new HyperConvLayer.Builder().shapes(in, out).kernel(kernel).build();
  }

  private static LengthSqueezeLayer squeeze(Variant variant) {
    return new LengthSqueezeLayer.Builder()
        .squeeze(new LengthSqueeze(variant, 12))
        .output(IN)
        .build();
  }

  private static ComputationGraphConfiguration configuration(
      Layer layer, InputType input, DataType type) {
    return new NeuralNetConfiguration.Builder()
        .dataType(type)
        .graphBuilder()
        .addInputs("condition")
        .setInputTypes(input)
        .addLayer("only", layer, "condition")
        .setOutputs("only")
        .build();
  }

  private static ComputationGraph network(Variant variant) {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Adam(0.01))
                .graphBuilder()
                .addInputs("condition")
                .setInputTypes(InputType.convolutional(12, 5, 3))
                .addLayer("squeeze", squeeze(variant), "condition")
                .addLayer("stage", stage(IN, OUT, 3), "squeeze")
                .setOutputs("stage")
                .build());
    graph.init();
    return graph;
  }
}
