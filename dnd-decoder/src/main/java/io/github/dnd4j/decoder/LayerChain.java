package io.github.dnd4j.decoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.ProgressListener;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a decoder's layers one after the other, instead of by a graph's own output method, so that
 * each map is closed as soon as the next is there, and progress can be told.
 */
final class LayerChain {

  private static final Logger log = LoggerFactory.getLogger(LayerChain.class);

  private final Layer[] layers;

  /** Of layers that have their parameters, in order. */
  LayerChain(Layer[] layers) {
    this.layers = layers;
  }

  /** Decodes conditions of a shape; see {@link io.github.dnd4j.spi.WeightDecoder#decode}. */
  INDArray decode(INDArray conditions, ConditionShape shape, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    Checks.shape(
        conditions, "conditions", -1, shape.prompts(), shape.textLength(), shape.dimension());
    if (conditions.isEmpty()) {
      throw new InvalidInputException("conditions must be at least one, but the batch is empty");
    }
    return NativeMemory.guard("decoding", () -> run(conditions, progress));
  }

  private INDArray run(INDArray conditions, ProgressListener progress) {
    INDArray current = conditions;
    try (var outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      progress.onProgress(0, layers.length);
      for (int i = 0; i < layers.length; i++) {
        checkNotInterrupted(i);
        INDArray next = run(i, current);
        closeUnless(current, conditions);
        current = next;
        progress.onProgress(i + 1L, layers.length);
      }
      return current;
    } catch (RuntimeException | Error e) {
      closeUnless(current, conditions);
      throw e;
    }
  }

  private INDArray run(int index, INDArray input) {
    Layer layer = layers[index];
    long start = System.nanoTime();
    try {
      return layer.activate(input, false, LayerWorkspaceMgr.noWorkspaces());
    } finally {
      layer.clear();
      log.debug("layer {} took {} ms", index, (System.nanoTime() - start) / 1_000_000);
    }
  }

  private void checkNotInterrupted(int done) {
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException(
          "interrupted after " + done + " of " + layers.length + " decoder layers");
    }
  }

  private static void closeUnless(INDArray array, INDArray kept) {
    if (array != kept) {
      array.close();
    }
  }
}
