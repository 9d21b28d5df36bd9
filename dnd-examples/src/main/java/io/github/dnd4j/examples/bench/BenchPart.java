package io.github.dnd4j.examples.bench;

/** What {@code dnd bench} can measure or leave out. */
public enum BenchPart {

  /** The encoder. */
  ENCODER,

  /**
   * The decoder by stages, and what makes an adapter of its weight tokens and writes it. If the
   * encoder is measured as well, the whole way from prompts to an adapter is added up.
   */
  DECODER,

  /** Training steps. */
  TRAINING
}
