/**
 * Drag-and-Drop LLMs on the JVM: a handful of unlabelled task prompts in, a LoRA adapter out.
 *
 * <p>{@link io.github.dnd4j.DragAndDrop} is where to start. It joins a {@link
 * io.github.dnd4j.spi.PromptEncoder}, a {@link io.github.dnd4j.spi.WeightDecoder} and a {@link
 * io.github.dnd4j.lora.LoraTarget}, and gives {@link io.github.dnd4j.lora.LoraAdapter}s.
 *
 * <p>The method is that of Liang et al., "Drag-and-Drop LLMs: Zero-Shot Prompt-to-Weights" (arXiv
 * 2506.16406).
 */
package io.github.dnd4j;
