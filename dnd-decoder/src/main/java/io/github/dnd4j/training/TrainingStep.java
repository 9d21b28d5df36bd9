package io.github.dnd4j.training;

import java.time.Duration;

/**
 * What a step of training came to.
 *
 * @param step its number, from 1
 * @param steps how many the run has
 * @param epoch how often all checkpoints have been used before it
 * @param loss its training loss, before the step
 * @param learningRate its learning rate
 * @param gradientNorm the length of all gradients together, before it was limited
 * @param generatedL2 the mean square of the generated weight tokens; a healthy run brings it from
 *     nearly 0 towards {@code realL2}
 * @param realL2 the mean square of the checkpoints' weight tokens
 * @param items how many pairs of prompts and checkpoint it used
 * @param duration how long it took, the waiting for its data included
 */
public record TrainingStep(
    int step,
    int steps,
    long epoch,
    double loss,
    double learningRate,
    double gradientNorm,
    double generatedL2,
    double realL2,
    int items,
    Duration duration) {}
