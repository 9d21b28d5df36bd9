package io.github.dnd4j.examples.experiment;

/**
 * One encoder that was scored on a held-out set.
 *
 * @param kind what it is
 * @param detail which of its kind: the name of a set, the number of a draw; may be empty
 * @param score how it did
 */
record Contender(Kind kind, String detail, RetrievalScore score) {

  /** What an encoder's adapter comes from. */
  enum Kind {
    /** No adapter. */
    BARE,
    /** The adapter of a training set. */
    TRAINING,
    /** The mean of the training sets' adapters in weight space. */
    MEAN_OF_WEIGHTS,
    /** Generated of prompts of the held-out set. */
    GENERATED,
    /** Generated of prompts of the held-out set, and scaled by their novelty. */
    SCALED,
    /** The mean of the generated adapters in weight space. */
    MEAN_OF_DRAWS,
    /** Generated of prompts of all training sets, mixed. */
    MIXED_PROMPTS,
    /** Generated of prompts of the training set whose prompts are the farthest. */
    UNRELATED_PROMPTS,
    /** Tuned on the held-out set itself. */
    OWN
  }
}
