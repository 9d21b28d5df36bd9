package io.github.dnd4j.encoder;

/**
 * How a step of tuning went.
 *
 * @param step its number, from 1
 * @param steps how many there are in all
 * @param loss the batch's loss before the step
 * @param accuracy for which part of the batch's anchors the own positive was the most similar of
 *     all, before the step
 */
public record TuningStep(int step, int steps, double loss, double accuracy) {}
