/**
 * The hyper-convolutional decoder, which turns token-level conditions of prompts into the weight
 * tokens of a LoRA adapter, and the DL4J layers that it is made of.
 *
 * <p>{@link io.github.dnd4j.decoder.HyperConvDecoder} is where to start; {@link
 * io.github.dnd4j.decoder.HyperConvPreset} has the published architectures.
 */
package io.github.dnd4j.decoder;
