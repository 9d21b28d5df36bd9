package io.github.dnd4j.examples.bench;

import java.util.Optional;

/**
 * What the machine does at best, to judge the times by.
 *
 * @param bounds of DnD4J's parts; empty without a BLAS to measure with
 * @param peerBlas of PyTorch; empty if it is not there
 */
record Rates(Optional<Bounds> bounds, Optional<PeerBlas> peerBlas) {

  /** Nothing is known. */
  static final Rates NONE = new Rates(Optional.empty(), Optional.empty());
}
