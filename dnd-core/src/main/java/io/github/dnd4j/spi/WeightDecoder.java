package io.github.dnd4j.spi;

import io.github.dnd4j.lora.WeightPrecision;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Turns conditions into weight tokens. Safe for use by several threads; calls may wait for each
 * other.
 */
public interface WeightDecoder extends AutoCloseable {

  /**
   * What it takes in.
   *
   * @return the shape of one condition
   */
  ConditionShape conditionShape();

  /**
   * What it gives.
   *
   * @return the shape of one adapter's weight tokens
   */
  TokenShape tokenShape();

  /**
   * Decodes a batch of conditions.
   *
   * @param conditions FLOAT {@code [B, N, L, C]}; left as they are
   * @param progress hears how many of its stages are done
   * @return FLOAT {@code [B, T, h, w]} in 'c' order, in no workspace, with memory of its own and
   *     not a view, such as a reshaped array is, which ND4J cannot free; the caller closes it
   */
  INDArray decode(INDArray conditions, ProgressListener progress);

  /**
   * Identifies the weights, whatever file they came from: equal weights give equal fingerprints.
   * Asked for with every generation, so it is best computed once.
   *
   * @return a SHA-256 in hexadecimal digits
   */
  String fingerprint();

  /**
   * How a saved generator names this decoder: all that is needed to open it again, but its weights.
   *
   * @return its type and properties
   */
  ComponentSpec spec();

  /**
   * Writes the weights as a safetensors file without rounding them: in float32, unless the decoder
   * holds less.
   *
   * @param file where to; it appears whole or not at all
   */
  default void save(Path file) {
    save(file, WeightPrecision.F32);
  }

  /**
   * Writes the weights as a safetensors file in a chosen precision.
   *
   * @param file where to; it appears whole or not at all
   * @param precision how its numbers are stored; with less than float32 the file is another decoder
   *     than this one, with another fingerprint
   */
  void save(Path file, WeightPrecision precision);

  /** Frees the weights. A second call does nothing; any other use after it is an error. */
  @Override
  void close();
}
