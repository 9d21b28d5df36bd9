package io.github.dnd4j.io;

import io.github.dnd4j.InvalidInputException;

/**
 * How much a file of tensors may ask for before it is refused, for those who read files of people
 * they do not know. The defaults let every file through that its format allows; they can be
 * lowered:
 *
 * <pre>{@code
 * ReadLimits limits = ReadLimits.defaults().withHeaderBytes(1 << 20).withTensors(10_000);
 * try (TensorFile file = TensorFile.open(upload, limits)) {
 *   ...
 * }
 * }</pre>
 *
 * @param headerBytes how long the list of tensors may be: the JSON header of a safetensors file,
 *     the header of a GGUF file, or the pickle of a PyTorch checkpoint, of which more than 32 MiB
 *     are never read
 * @param tensors how many tensors a file may hold
 */
public record ReadLimits(long headerBytes, int tensors) {

  /** The longest header, as in the reference implementation of safetensors. */
  public static final long MOST_HEADER_BYTES = 100_000_000;

  /** The most tensors. The largest models have some hundred thousand, in many files. */
  public static final int MOST_TENSORS = 1_000_000;

  private static final ReadLimits DEFAULTS = new ReadLimits(MOST_HEADER_BYTES, MOST_TENSORS);

  /**
   * Checks the values.
   *
   * @param headerBytes from 1 to {@link #MOST_HEADER_BYTES}
   * @param tensors from 1 to {@link #MOST_TENSORS}
   * @throws InvalidInputException if one is out of its range
   */
  public ReadLimits {
    check(headerBytes, MOST_HEADER_BYTES, "headerBytes");
    check(tensors, MOST_TENSORS, "tensors");
  }

  private static void check(long value, long most, String name) {
    if (value < 1 || value > most) {
      throw new InvalidInputException(
          "the read limit " + name + " must be from 1 to " + most + ", but is " + value);
    }
  }

  /**
   * The limits that hold where none are given.
   *
   * @return the largest ones
   */
  public static ReadLimits defaults() {
    return DEFAULTS;
  }

  /**
   * These limits with another one for the header.
   *
   * @param most its bytes, from 1 to {@link #MOST_HEADER_BYTES}
   * @return the changed limits
   */
  public ReadLimits withHeaderBytes(long most) {
    return new ReadLimits(most, tensors);
  }

  /**
   * These limits with another one for the number of tensors.
   *
   * @param most how many, from 1 to {@link #MOST_TENSORS}
   * @return the changed limits
   */
  public ReadLimits withTensors(int most) {
    return new ReadLimits(headerBytes, most);
  }
}
