/**
 * Encoders that turn prompts into token-level conditions.
 *
 * <p>{@link io.github.dnd4j.encoder.SentenceEncoder} is where to start: BERT sentence encoders, one
 * of them with its weights on the class path. They give token-level conditions and sentence
 * embeddings, and take LoRA adapters, which {@link io.github.dnd4j.encoder.LoraTuner} tunes on
 * pairs of texts.
 *
 * <p>The paper's ablation has other encoders, which only give conditions: {@link
 * io.github.dnd4j.encoder.GloveEncoder}, {@link io.github.dnd4j.encoder.T5Encoder} and {@link
 * io.github.dnd4j.encoder.CausalLmEncoder}. All these run on ND4J. {@link
 * io.github.dnd4j.encoder.OnnxEncoder} has any other model run by ONNX Runtime, and {@link
 * io.github.dnd4j.encoder.PromptEncoders} opens whichever of them a directory or file holds.
 */
package io.github.dnd4j.encoder;
