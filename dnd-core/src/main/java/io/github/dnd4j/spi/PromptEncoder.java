package io.github.dnd4j.spi;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A frozen text encoder that makes token-level conditions of prompts. Safe for use by several
 * threads; calls may wait for each other.
 */
public interface PromptEncoder extends AutoCloseable {

  /**
   * The width of a token's hidden state.
   *
   * @return C
   */
  int dimension();

  /**
   * Encodes texts, each padded to and truncated at exactly {@code textLength} tokens. The hidden
   * states of padding positions are part of the result, as the reference implementation feeds them
   * to its decoder.
   *
   * @param prompts N texts, at least one, none of them null
   * @param textLength L, the tokens per text; an encoder with a limited window splits longer texts
   *     and may ask for a multiple of its window
   * @param progress hears how many texts are done
   * @return FLOAT {@code [N, L, C]} in 'c' order, in no workspace, with memory of its own and not a
   *     view, such as a reshaped array is, which ND4J cannot free; the caller closes it
   */
  INDArray encode(List<String> prompts, int textLength, ProgressListener progress);

  /**
   * How a saved generator names this encoder. It must identify the weights, by name or hash.
   *
   * @return its type and properties
   */
  ComponentSpec spec();

  /** Frees the weights. A second call does nothing; any other use after it is an error. */
  @Override
  void close();
}
