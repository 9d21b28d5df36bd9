/**
 * Training a decoder from LoRA checkpoints and prompts. So far: the weights of the training loss.
 */
package io.github.dnd4j.training;
