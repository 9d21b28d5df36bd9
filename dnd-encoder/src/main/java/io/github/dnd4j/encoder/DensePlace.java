package io.github.dnd4j.encoder;

/**
 * Where a dense map of a BERT is.
 *
 * @param layer the layer, from 0
 * @param kind which of its maps
 */
record DensePlace(int layer, Kind kind) {

  /** The dense maps of a layer. */
  enum Kind {
    /** The query, key and value modules side by side. */
    QUERY_KEY_VALUE,
    /** After the attention. */
    ATTENTION_OUTPUT,
    /** Up to the width between the two maps of the feed-forward part. */
    INTERMEDIATE,
    /** Down from there. */
    OUTPUT
  }
}
