/**
 * Training a decoder from LoRA checkpoints and prompts.
 *
 * <p>{@link io.github.dnd4j.training.DragAndDropTrainer} trains, and a {@link
 * io.github.dnd4j.training.TrainerListener} hears how it goes. {@link
 * io.github.dnd4j.training.PromptCheckpointDataset} is what is trained from, {@link
 * io.github.dnd4j.training.ConditionForm} and {@link io.github.dnd4j.training.TaskMixing} say how
 * items are made of it, {@link io.github.dnd4j.training.ConditionCache} keeps the conditions of its
 * texts, and {@link io.github.dnd4j.training.CriterionWeights} are the weights of the loss.
 */
package io.github.dnd4j.training;
