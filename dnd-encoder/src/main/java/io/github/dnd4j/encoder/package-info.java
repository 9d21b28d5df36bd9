/**
 * Encoders that turn prompts into token-level conditions, on ND4J.
 *
 * <p>{@link io.github.dnd4j.encoder.SentenceEncoder} is where to start: BERT sentence encoders, one
 * of them with its weights on the class path. They give token-level conditions and sentence
 * embeddings, and take LoRA adapters, which {@link io.github.dnd4j.encoder.LoraTuner} tunes on
 * pairs of texts. {@link io.github.dnd4j.encoder.CausalLmEncoder} takes conditions from a layer of
 * a language model such as Qwen2.5 or Llama.
 */
package io.github.dnd4j.encoder;
