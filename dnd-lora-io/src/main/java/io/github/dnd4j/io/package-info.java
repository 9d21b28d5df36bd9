/**
 * The files of models, adapters, generators and prompts.
 *
 * <p>{@link io.github.dnd4j.io.PeftFormat} is the adapter directory of Hugging Face PEFT, {@link
 * io.github.dnd4j.io.GgufFormat} the adapter file of llama.cpp, {@link
 * io.github.dnd4j.io.GeneratorJson} the description of a generator; all are found through
 * io.github.dnd4j.spi. {@link io.github.dnd4j.io.TensorFile#open} reads the tensors of a
 * safetensors file, PyTorch checkpoint or GGUF file, {@link io.github.dnd4j.io.SafetensorsWriter}
 * and {@link io.github.dnd4j.io.GgufWriter} write them. {@link io.github.dnd4j.io.PromptFile} reads
 * a task's prompts. Files are not trusted: what a header says is checked against the file before
 * memory is allocated for it, and tensors and files may be larger than 2 and 4 GB.
 */
package io.github.dnd4j.io;
