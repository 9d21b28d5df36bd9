package io.github.dnd4j.training;

/**
 * How a decoder does on data that it is not trained on.
 *
 * @param step after how many steps
 * @param loss the training loss's formula on the validation data
 * @param generatedL2 the mean square of the generated weight tokens
 * @param realL2 the mean square of the checkpoints' weight tokens
 * @param best whether the loss is the lowest of the run so far
 */
public record Validation(int step, double loss, double generatedL2, double realL2, boolean best) {}
