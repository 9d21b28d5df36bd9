package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An encoder for tests, without a model: hidden states are random numbers seeded by the text. It
 * notes what it has encoded.
 */
final class HashEncoder implements PromptEncoder {

  final List<List<String>> calls = new ArrayList<>();
  private final String name;
  private final int dimension;

  HashEncoder(String name, int dimension) {
    this.name = name;
    this.dimension = dimension;
  }

  /** A text's hidden states, {@code [L, C]}. */
  static float[] statesOf(String text, int textLength, int dimension) {
    Random random = new Random(text.hashCode());
    float[] states = new float[textLength * dimension];
    for (int i = 0; i < states.length; i++) {
      states[i] = (float) random.nextGaussian();
    }
    return states;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public INDArray encode(List<String> prompts, int textLength, ProgressListener progress) {
    calls.add(List.copyOf(prompts));
    INDArray states = HostFloats.uninitialized(prompts.size(), textLength, dimension);
    HostFloats cells = HostFloats.of(states);
    for (int i = 0; i < prompts.size(); i++) {
      float[] values = statesOf(prompts.get(i), textLength, dimension);
      cells.write((long) i * values.length, values, 0, values.length);
    }
    return states;
  }

  @Override
  public ComponentSpec spec() {
    return new ComponentSpec("test-hash", Map.of("name", name));
  }

  @Override
  public void close() {}
}
