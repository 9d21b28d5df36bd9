package io.github.dnd4j;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An encoder for tests, without a model: hidden states are random numbers seeded by the text. */
class HashEncoder implements PromptEncoder {

  static final String TYPE = "test-hash";

  /** The last one that was made, by a provider for example. */
  static HashEncoder latest;

  final List<String> seen = new ArrayList<>();
  final List<INDArray> given = new ArrayList<>();
  private final int dimension;
  int closed;

  HashEncoder(int dimension) {
    this.dimension = dimension;
    latest = this;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public INDArray encode(List<String> prompts, int textLength, ProgressListener progress) {
    seen.clear();
    seen.addAll(prompts);
    float[] values = new float[prompts.size() * textLength * dimension];
    int i = 0;
    for (int prompt = 0; prompt < prompts.size(); prompt++) {
      Random random = new Random(prompts.get(prompt).hashCode());
      for (int cell = 0; cell < textLength * dimension; cell++) {
        values[i++] = (float) random.nextGaussian();
      }
      progress.onProgress(prompt + 1, prompts.size());
    }
    INDArray condition = HostFloats.toTensor(values, prompts.size(), textLength, dimension);
    given.add(condition);
    return condition;
  }

  @Override
  public ComponentSpec spec() {
    return new ComponentSpec(TYPE, Map.of("dimension", Integer.toString(dimension)));
  }

  @Override
  public void close() {
    closed++;
  }
}
