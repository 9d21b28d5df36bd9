package io.github.dnd4j.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.decoder.LengthSqueeze.Variant;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

@DisplayName("The decoder's layers in DL4J networks")
class LayerTrainingTest {

  private static final FeatureShape LONG = new FeatureShape(3, 12, 6);
  private static final FeatureShape IN = new FeatureShape(3, 6, 6);
  private static final FeatureShape OUT = new FeatureShape(4, 5, 6);
  private static final int BATCH = 3;
  private static final int STEPS = 30;

  @ParameterizedTest
  @EnumSource(names = {"ENABLED", "NONE"})
  @DisplayName("learn by ComputationGraph.fit, with and without workspaces")
  void learn(WorkspaceMode workspaces) {
    // given
    ComputationGraph graph = network(Variant.PERMUTE, workspaces, null);
    DataSet data = data();
    double before = graph.score(data);
    // when
    for (int step = 0; step < STEPS; step++) {
      graph.fit(data);
    }
    // then
    assertThat(graph.score(data)).isLessThan(0.2 * before);
    graph.close();
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("have freed all that a training step needed when it is done")
  void freeAfterStep(Variant variant) {
    // given
    RecordingConvolution engine = new RecordingConvolution();
    ComputationGraph graph = network(variant, WorkspaceMode.ENABLED, engine);
    // when
    graph.fit(data());
    // then five convolutions of the stage and two of the squeeze, forward and backward
    assertThat(engine.calls()).isEqualTo(variant == Variant.PERMUTE ? 14 : 10);
    assertThat(engine.open()).as("convolution results that are still open").isZero();
    graph.close();
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("learn the same from the same seed")
  void sameSeed(Variant variant) {
    // given
    ComputationGraph first = network(variant, WorkspaceMode.ENABLED, null);
    ComputationGraph second = network(variant, WorkspaceMode.ENABLED, null);
    DataSet data = data();
    // when
    for (int step = 0; step < 3; step++) {
      first.fit(data);
      second.fit(data);
    }
    // then
    assertThat(Tensors.values(first.params())).isEqualTo(Tensors.values(second.params()));
    first.close();
    second.close();
  }

  @Test
  @DisplayName("keep activations after a forward pass of training until they are cleared")
  void clear() {
    // given
    RecordingConvolution engine = new RecordingConvolution();
    ComputationGraph graph = network(Variant.RESHAPE, WorkspaceMode.ENABLED, engine);
    try (INDArray x = Tensors.gaussian(1, LONG, BATCH)) {
      // when
      graph.feedForward(new INDArray[] {x}, true, false);
      // then
      long kept = engine.open();
      assertThat(kept).isPositive();
      // and when
      graph.clearLayersStates();
      // then only the stage's output, which went to the caller, may be left
      assertThat(engine.open()).isLessThan(kept).isLessThanOrEqualTo(1);
    }
    graph.close();
  }

  @Test
  @DisplayName("free every intermediate result of inference by themselves")
  void inference() {
    // given
    RecordingConvolution engine = new RecordingConvolution();
    ComputationGraph graph = network(Variant.PERMUTE, WorkspaceMode.ENABLED, engine);
    try (INDArray x = Tensors.gaussian(1, LONG, BATCH)) {
      // when
      graph.outputSingle(x);
      // then
      assertThat(engine.calls()).isPositive();
      assertThat(engine.open()).isZero();
    }
    graph.close();
  }

  @ParameterizedTest
  @EnumSource(Variant.class)
  @DisplayName("say so when there was no forward pass to go back from")
  void backwardWithoutForward(Variant variant) {
    // given
    ComputationGraph graph = network(variant, WorkspaceMode.NONE, null);
    graph.initGradientsView();
    try (INDArray x = Tensors.gaussian(1, LONG, BATCH);
        INDArray squeezed = Tensors.gaussian(2, IN, BATCH);
        INDArray tokens = Tensors.gaussian(3, OUT, BATCH)) {
      graph.feedForward(new INDArray[] {x}, false, false);
      // then
      assertThatThrownBy(
              () ->
                  graph
                      .getLayer("stage")
                      .backpropGradient(tokens, LayerWorkspaceMgr.noWorkspaces()))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("layer stage")
          .hasMessageContaining("forward pass in training mode");
      assertThatThrownBy(
              () ->
                  graph
                      .getLayer("squeeze")
                      .backpropGradient(squeezed, LayerWorkspaceMgr.noWorkspaces()))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("layer squeeze");
    }
    graph.close();
  }

  @Test
  @DisplayName("train in a MultiLayerNetwork too, where layers of one shape start out different")
  void multiLayerNetwork() {
    // given layers without names
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .seed(7)
            .updater(new Adam(0.02))
            .list()
            .layer(new HyperConvLayer.Builder().shapes(IN, IN).kernel(3).build())
            .layer(new HyperConvLayer.Builder().shapes(IN, IN).kernel(3).build())
            .layer(loss())
            .setInputType(InputType.convolutional(IN.l(), IN.c(), IN.n()))
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    DataSet data = new DataSet(Tensors.gaussian(1, IN, BATCH), Tensors.gaussian(2, IN, BATCH));
    // then
    assertThat(Tensors.values(network.getParam("0_conv1w")))
        .isNotEqualTo(Tensors.values(network.getParam("1_conv1w")));
    // and when
    double before = network.score(data);
    for (int step = 0; step < STEPS; step++) {
      network.fit(data);
    }
    // then
    assertThat(network.score(data)).isLessThan(0.5 * before);
  }

  private static ComputationGraph network(
      Variant variant, WorkspaceMode workspaces, Convolution engine) {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.02))
                .trainingWorkspaceMode(workspaces)
                .inferenceWorkspaceMode(workspaces)
                .graphBuilder()
                .addInputs("condition")
                .setInputTypes(InputType.convolutional(LONG.l(), LONG.c(), LONG.n()))
                .addLayer(
                    "squeeze",
                    new LengthSqueezeLayer.Builder()
                        .squeeze(new LengthSqueeze(variant, LONG.l()))
                        .output(IN)
                        .convolution(engine)
                        .build(),
                    "condition")
                .addLayer(
                    "stage",
                    new HyperConvLayer.Builder()
                        .shapes(IN, OUT)
                        .kernel(3)
                        .convolution(engine)
                        .build(),
                    "squeeze")
                .addLayer("loss", loss(), "stage")
                .setOutputs("loss")
                .build());
    graph.init();
    return graph;
  }

  private static CnnLossLayer loss() {
    return new CnnLossLayer.Builder(LossFunction.MSE)
        .format(CNN2DFormat.NCHW)
        .activation(Activation.IDENTITY)
        .build();
  }

  private static DataSet data() {
    return new DataSet(Tensors.gaussian(1, LONG, BATCH), Tensors.gaussian(2, OUT, BATCH));
  }
}
