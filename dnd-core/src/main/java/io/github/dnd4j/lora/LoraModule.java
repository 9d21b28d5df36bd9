package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;

/**
 * One linear layer of a target model that an adapter changes: {@code dW = scale * B @ A}, with A of
 * shape {@code [rank, in]} and B of shape {@code [out, rank]}.
 *
 * @param path the layer's path in the model, for example {@code model.layers.0.self_attn.q_proj}
 * @param in its input features
 * @param out its output features
 * @param rank the rank of its LoRA matrices
 */
public record LoraModule(String path, int in, int out, int rank) {

  /**
   * Checks the values.
   *
   * @param path the layer's path in the model
   * @param in its input features, at least 1
   * @param out its output features, at least 1
   * @param rank the rank of its LoRA matrices, at least 1; no matrix may hold 2^31 numbers
   */
  public LoraModule {
    Checks.notBlank(path, "path");
    Checks.positive(in, path + ": in");
    Checks.positive(out, path + ": out");
    Checks.positive(rank, path + ": rank");
    if ((long) rank * Math.max(in, out) > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          path
              + ": a matrix of rank "
              + rank
              + " and "
              + Math.max(in, out)
              + " columns has more than 2^31-1 numbers");
    }
  }

  /**
   * The layer's own name, by which PEFT lists it in {@code target_modules}.
   *
   * @return the last part of the path, for example {@code q_proj}
   */
  public String name() {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /**
   * How many numbers A and B hold together.
   *
   * @return {@code rank * (in + out)}
   */
  public long parameterCount() {
    return (long) rank * ((long) in + out);
  }
}
