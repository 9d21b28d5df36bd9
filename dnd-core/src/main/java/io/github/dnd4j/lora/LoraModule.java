package io.github.dnd4j.lora;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  /** How many characters a path may have; those of real models have about a hundred. */
  public static final int LONGEST_PATH = 1024;

  /** How many parts a path may have; those of real models have about ten. */
  public static final int MOST_PARTS = 32;

  private static final int QUOTED = 100;

  /** The first number between dots; at most nine digits, so that it is an int. */
  private static final Pattern LAYER = Pattern.compile("\\.(\\d{1,9})\\.");

  private static final Pattern NUMBER = Pattern.compile("\\.\\d+(?=\\.)");

  /**
   * Checks the values.
   *
   * @param path the layer's path in the model, of at most {@link #MOST_PARTS} parts and {@link
   *     #LONGEST_PATH} characters
   * @param in its input features, at least 1
   * @param out its output features, at least 1
   * @param rank the rank of its LoRA matrices, at least 1; no matrix may hold 2^31 numbers
   */
  public LoraModule {
    checkPath(path);
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

  /** Paths come out of files, and are looked up part by part. */
  static void checkPath(String path) {
    Checks.notBlank(path, "path");
    if (path.length() > LONGEST_PATH || path.chars().filter(c -> c == '.').count() >= MOST_PARTS) {
      throw new InvalidInputException(
          "a module's path has at most "
              + LONGEST_PATH
              + " characters and "
              + MOST_PARTS
              + " parts, but this has "
              + path.length()
              + " characters: "
              + path.substring(0, Math.min(path.length(), QUOTED))
              + "...");
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
   * The number of the model's layer that it is in.
   *
   * @return the first number between the dots of the path, 0 in {@code
   *     model.layers.0.self_attn.q_proj}; empty if there is none
   */
  public OptionalInt layer() {
    Matcher matcher = LAYER.matcher(path);
    return matcher.find()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  /**
   * What it has in common with its like in other layers.
   *
   * @return the path with {@code *} for every number between dots, {@code
   *     model.layers.*.self_attn.q_proj} for example
   */
  public String kind() {
    return NUMBER.matcher(path).replaceAll(".*");
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
