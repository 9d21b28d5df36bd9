package io.github.dnd4j.lora;

/**
 * One of several adapters, as seen from another.
 *
 * @param index its place in the list that was searched, from 0
 * @param distance the Frobenius norm of the difference of the two dW over all modules
 */
public record LoraNeighbour(int index, double distance) {}
