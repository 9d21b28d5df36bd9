/**
 * Using an adapter in the programs that serve language models.
 *
 * <p>{@link io.github.dnd4j.serving.VllmServer} and {@link io.github.dnd4j.serving.SglangServer}
 * put adapters into a running server and take them out again; both are an {@link
 * io.github.dnd4j.serving.AdapterServer}. {@link io.github.dnd4j.serving.LlamaCppCommand} builds
 * the command line of llama.cpp and {@link io.github.dnd4j.serving.OllamaModelfile} the Modelfile
 * of Ollama, which load adapters when they start and take them as GGUF files.
 *
 * <p>Servers are not trusted: how long they may take and how much of an answer is read is limited,
 * redirects are not followed, and an API key goes nowhere but into the request's header.
 */
package io.github.dnd4j.serving;
