package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Gradients against central differences of {@code f = sum(output * probe)} along random directions:
 * {@code (f(p + h d) - f(p - h d)) / 2h} is the gradient's product with d. The layers compute in
 * float32, so h is a compromise between its rounding and the curvature of f; both together were at
 * most 0.0006 of the gradient's length, and a forgotten term is far above the tolerance.
 */
@DisplayName("Gradients, against finite differences")
class GradientTest {

  private static final float STEP = 1e-3f;
  private static final double TOLERANCE = 5e-3;
  private static final int DIRECTIONS = 3;
  private static final int BATCH = 2;

  static Stream<Named<DecoderLayer>> layers() {
    return Stream.of(
        Named.of("a stage", stage(new FeatureShape(3, 5, 6), new FeatureShape(4, 3, 7))),
        Named.of(
            "a stage with residual", stage(new FeatureShape(4, 5, 6), new FeatureShape(4, 5, 6))),
        Named.of("the squeeze, permute", squeeze(LengthSqueeze.Variant.PERMUTE)),
        Named.of("the squeeze, reshape", squeeze(LengthSqueeze.Variant.RESHAPE)));
  }

  private static DecoderLayer stage(FeatureShape in, FeatureShape out) {
    return new HyperConvLayer.Builder().name("layer").shapes(in, out).kernel(3).build();
  }

  private static DecoderLayer squeeze(LengthSqueeze.Variant variant) {
    return new LengthSqueezeLayer.Builder()
        .name("layer")
        .squeeze(new LengthSqueeze(variant, 11))
        .output(new FeatureShape(3, 4, 5))
        .build();
  }

  @ParameterizedTest
  @MethodSource("layers")
  @DisplayName("of every parameter")
  void parameters(DecoderLayer layer) {
    // given
    ComputationGraph graph = randomised(layer);
    try (INDArray x = Tensors.gaussian(1, layer.inputShape(), BATCH);
        INDArray probe = Tensors.gaussian(2, layer.outputShape(), BATCH)) {
      // when
      Gradient gradient = backpropagate(graph, x, probe).getFirst();
      // then
      for (ParameterSpec spec : layer.parameters()) {
        INDArray parameter = graph.getLayer(0).getParam(spec.name());
        assertGradient(
            spec.name(), gradient.getGradientFor(spec.name()), parameter, graph, x, probe);
      }
    }
    graph.close();
  }

  @ParameterizedTest
  @MethodSource("layers")
  @DisplayName("of the input")
  void input(DecoderLayer layer) {
    // given
    ComputationGraph graph = randomised(layer);
    try (INDArray x = Tensors.gaussian(1, layer.inputShape(), BATCH);
        INDArray probe = Tensors.gaussian(2, layer.outputShape(), BATCH)) {
      // when
      INDArray gradient = backpropagate(graph, x, probe).getSecond();
      // then
      assertThat(gradient.shape()).isEqualTo(x.shape());
      assertGradient("input", gradient, x, graph, x, probe);
    }
    graph.close();
  }

  private static void assertGradient(
      String name,
      INDArray gradient,
      INDArray variable,
      ComputationGraph graph,
      INDArray x,
      INDArray probe) {
    double length = Tensors.norm(gradient);
    assertThat(length).as("length of the gradient of %s", name).isGreaterThan(0.1);
    for (int i = 0; i < DIRECTIONS; i++) {
      try (INDArray direction = Tensors.gaussian(10 + i, variable.shape())) {
        double expected = difference(variable, direction, graph, x, probe);
        double actual = Tensors.dot(gradient, direction);
        assertThat(Math.abs(actual - expected) / length)
            .as("%s: %s, by differences %s", name, actual, expected)
            .isLessThan(TOLERANCE);
      }
    }
  }

  private static double difference(
      INDArray variable, INDArray direction, ComputationGraph graph, INDArray x, INDArray probe) {
    try (INDArray before = variable.dup('c');
        INDArray step = direction.mul(STEP)) {
      double above = valueAt(variable.addi(step), graph, x, probe);
      variable.assign(before);
      double below = valueAt(variable.subi(step), graph, x, probe);
      variable.assign(before);
      return (above - below) / (2 * STEP);
    }
  }

  /** The value of f where the variable is now. */
  private static double valueAt(
      INDArray moved, ComputationGraph graph, INDArray x, INDArray probe) {
    assertThat(moved.wasClosed()).isFalse();
    return Tensors.dot(graph.outputSingle(x), probe);
  }

  private static Pair<Gradient, INDArray> backpropagate(
      ComputationGraph graph, INDArray x, INDArray probe) {
    graph.initGradientsView();
    graph.feedForward(new INDArray[] {x}, true, false);
    Layer runtime = graph.getLayer(0);
    return runtime.backpropGradient(probe, LayerWorkspaceMgr.noWorkspaces());
  }

  /** A network of one layer whose parameters are random, so that none can be forgotten. */
  private static ComputationGraph randomised(DecoderLayer layer) {
    FeatureShape in = layer.inputShape();
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("condition")
                .setInputTypes(InputType.convolutional(in.l(), in.c(), in.n()))
                .addLayer("layer", layer, "condition")
                .setOutputs("layer")
                .build());
    graph.init();
    try (INDArray noise = Tensors.gaussian(3, graph.params().shape())) {
      graph.params().addi(noise.muli(0.3));
    }
    return graph;
  }
}
