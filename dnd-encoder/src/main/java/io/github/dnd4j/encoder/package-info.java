/**
 * Encoders that turn prompts into token-level conditions, on ND4J.
 *
 * <p>{@link io.github.dnd4j.encoder.SentenceEncoder} is where to start: BERT sentence encoders, one
 * of them with its weights on the class path.
 */
package io.github.dnd4j.encoder;
