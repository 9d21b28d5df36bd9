/**
 * The files of models, adapters, generators and prompts.
 *
 * <p>{@link io.github.dnd4j.io.PeftFormat} is the adapter directory of Hugging Face PEFT, {@link
 * io.github.dnd4j.io.GeneratorJson} the description of a generator; both are found through
 * io.github.dnd4j.spi. {@link io.github.dnd4j.io.TensorFile#open} reads the tensors of a
 * safetensors file or PyTorch checkpoint, {@link io.github.dnd4j.io.SafetensorsWriter} writes one.
 * {@link io.github.dnd4j.io.PromptFile} reads a task's prompts. Files are not trusted: what a
 * header says is checked against the file before memory is allocated for it, and tensors and files
 * may be larger than 2 and 4 GB.
 */
package io.github.dnd4j.io;
