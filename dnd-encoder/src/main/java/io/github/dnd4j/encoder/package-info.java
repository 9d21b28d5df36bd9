/**
 * Encoders that turn prompts into token-level conditions, on ND4J.
 *
 * <p>{@link io.github.dnd4j.encoder.SentenceEncoder} is where to start: BERT sentence encoders, one
 * of them with its weights on the class path. They give token-level conditions and sentence
 * embeddings, and take LoRA adapters, which {@link io.github.dnd4j.encoder.LoraTuner} tunes on
 * pairs of texts.
 *
 * <p>{@link io.github.dnd4j.encoder.T5Encoder} gives conditions of a T5's encoder, and {@link
 * io.github.dnd4j.encoder.CausalLmEncoder} those of a layer of a language model such as Qwen2.5.
 */
package io.github.dnd4j.encoder;
