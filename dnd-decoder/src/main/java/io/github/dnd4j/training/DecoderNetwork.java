package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Forward and backward passes over a decoder's DL4J layers. They are run one by one, outside DL4J's
 * workspaces, so that each map is freed as soon as the backward pass has left it behind: memory
 * stays at the weights, their gradients and what {@link
 * io.github.dnd4j.decoder.HyperConvConfig#keptForBackward()} says.
 *
 * <p>Owns the gradients, not the graph.
 */
final class DecoderNetwork implements AutoCloseable {

  private final ComputationGraph graph;
  private final INDArray gradients;
  private final Gradient gradientByName;

  /** Gives a graph's layers memory for their gradients. */
  DecoderNetwork(ComputationGraph graph) {
    this.graph = graph;
    long parameters = graph.numParams();
    NativeMemory.require(Float.BYTES * parameters, "the gradients of " + parameters + " weights");
    this.gradients = HostFloats.uninitialized(parameters).assign(0);
    graph.setBackpropGradientsViewArray(gradients);
    this.gradientByName = new DefaultGradient(gradients);
    graph.setGradient(gradientByName);
  }

  /** The weights, flat: a view of the decoder's. */
  INDArray parameters() {
    return graph.params();
  }

  /** The gradients, flat, in the same order; owned by this. */
  INDArray gradients() {
    return gradients;
  }

  /** A forward pass that keeps what the backward pass needs. */
  Pass forward(INDArray conditions) {
    return new Pass(conditions);
  }

  private static void closeUnless(INDArray array, INDArray kept) {
    if (array != kept) {
      array.close();
    }
  }

  /** A forward pass of training and, once, the way back. */
  final class Pass implements AutoCloseable {

    private final INDArray conditions;

    /** The output of each layer, the last on top. */
    private final Deque<INDArray> activations = new ArrayDeque<>();

    private Pass(INDArray conditions) {
      this.conditions = conditions;
      graph.setInput(0, conditions); // listeners ask for the size of the batch
      try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        INDArray current = conditions;
        for (int i = 0; i < graph.getNumLayers(); i++) {
          current = graph.getLayer(i).activate(current, true, LayerWorkspaceMgr.noWorkspaces());
          activations.push(current);
        }
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
      tellListeners();
    }

    private void tellListeners() {
      if (graph.getListeners().isEmpty()) {
        return;
      }
      Map<String, INDArray> byLayer = new LinkedHashMap<>();
      int index = 0;
      for (INDArray activation : (Iterable<INDArray>) activations::descendingIterator) {
        byLayer.put(graph.getLayer(index++).conf().getLayer().getLayerName(), activation);
      }
      for (TrainingListener listener : graph.getListeners()) {
        listener.onForwardPass(graph, byLayer);
      }
    }

    /** What the decoder gives, owned by this. */
    INDArray output() {
      return activations.peek();
    }

    /** Fills the gradients; the output must hold its own gradient by now. */
    void backward() {
      try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        INDArray gradient = activations.pop();
        for (int i = graph.getNumLayers() - 1; i >= 0; i--) {
          INDArray outGradient = gradient;
          gradient = backward(graph.getLayer(i), outGradient);
          outGradient.close();
          if (i > 0) {
            activations.pop().close();
          }
        }
        gradient.close();
      }
    }

    private INDArray backward(Layer layer, INDArray outGradient) {
      Pair<Gradient, INDArray> result =
          layer.backpropGradient(outGradient, LayerWorkspaceMgr.noWorkspaces());
      String prefix = layer.conf().getLayer().getLayerName() + "_";
      result
          .getFirst()
          .gradientForVariable()
          .forEach((name, view) -> gradientByName.setGradientFor(prefix + name, view));
      layer.clear();
      return result.getSecond();
    }

    /** Frees what is still there, and leaves the layers without anything kept. */
    @Override
    public void close() {
      graph.clearLayersStates();
      activations.forEach(activation -> closeUnless(activation, conditions));
      activations.clear();
    }
  }

  @Override
  public void close() {
    graph.setGradient(null);
    graph.clear();
    gradients.close();
  }
}
