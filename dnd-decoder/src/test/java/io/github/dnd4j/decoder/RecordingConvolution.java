package io.github.dnd4j.decoder;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An engine that remembers its results, so that tests see which of them were freed. */
final class RecordingConvolution implements Convolution {

  private final Convolution engine = new DirectConvolution();
  private final List<INDArray> results = new ArrayList<>();

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias) {
    return remember(engine.forward(x, weight, bias));
  }

  @Override
  public INDArray backward(
      INDArray x,
      INDArray weight,
      INDArray outGradient,
      INDArray weightGradient,
      INDArray biasGradient) {
    return remember(engine.backward(x, weight, outGradient, weightGradient, biasGradient));
  }

  private INDArray remember(INDArray result) {
    results.add(result);
    return result;
  }

  int calls() {
    return results.size();
  }

  long open() {
    return results.stream().filter(result -> !result.wasClosed()).count();
  }
}
