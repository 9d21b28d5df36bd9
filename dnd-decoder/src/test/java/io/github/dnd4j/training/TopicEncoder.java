package io.github.dnd4j.training;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An encoder for tests, without a model, that knows what a text is about: its hidden states are
 * those of {@link HashEncoder} and in all of them those of its first word.
 */
final class TopicEncoder implements PromptEncoder {

  private final int dimension;

  TopicEncoder(int dimension) {
    this.dimension = dimension;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public INDArray encode(List<String> prompts, int textLength, ProgressListener progress) {
    INDArray states = HostFloats.uninitialized(prompts.size(), textLength, dimension);
    HostFloats cells = HostFloats.of(states);
    for (int i = 0; i < prompts.size(); i++) {
      String text = prompts.get(i);
      float[] values = HashEncoder.statesOf(text, textLength, dimension);
      float[] topic = HashEncoder.statesOf(text.split(" ", 2)[0], 1, dimension);
      for (int cell = 0; cell < values.length; cell++) {
        values[cell] = 0.5f * values[cell] + topic[cell % dimension];
      }
      cells.write((long) i * values.length, values, 0, values.length);
    }
    return states;
  }

  @Override
  public ComponentSpec spec() {
    return new ComponentSpec("test-topic", Map.of("dimension", Integer.toString(dimension)));
  }

  @Override
  public void close() {}
}
