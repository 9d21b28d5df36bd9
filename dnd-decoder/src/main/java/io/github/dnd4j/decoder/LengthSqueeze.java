package io.github.dnd4j.decoder;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import java.util.Locale;

/**
 * Two linear maps in front of the decoder that shorten long conditions from L to L' tokens: {@code
 * down: L -> L'} and {@code gate: L' -> L'}, both with bias.
 *
 * @param variant which of the two forms in use
 * @param length L, the tokens per prompt before it
 */
public record LengthSqueeze(Variant variant, int length) {

  /** The two forms in use; a file of weights does not tell which of them it was trained with. */
  public enum Variant {
    /** The later code: {@code gate(silu(down(cond^T)))^T}, where {@code ^T} swaps L and C. */
    PERMUTE,
    /**
     * The first release: {@code gate(down(reshape(cond, [B, N, C, L])))}, reshaped back to {@code
     * [B, N, L', C]}: the memory is read in another shape, without a transpose or an activation.
     */
    RESHAPE
  }

  /**
   * Checks the values.
   *
   * @param variant which of the two forms in use
   * @param length L, at least 1
   */
  public LengthSqueeze {
    Checks.notNull(variant, "variant");
    Checks.positive(length, "length");
  }

  /**
   * Reads what {@link #toString()} writes.
   *
   * @param text for example {@code permute:4608}
   * @return the squeeze
   * @throws InvalidInputException if it is written otherwise
   */
  public static LengthSqueeze parse(String text) {
    String[] parts = Checks.notNull(text, "squeeze").strip().split(":", 2);
    try {
      return new LengthSqueeze(
          Variant.valueOf(parts[0].toUpperCase(Locale.ROOT)), Integer.parseInt(parts[1]));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new InvalidInputException(
          "a squeeze is written permute:LENGTH or reshape:LENGTH, for example permute:4608, but not"
              + " \""
              + text
              + "\"",
          e);
    }
  }

  @Override
  public String toString() {
    return variant.name().toLowerCase(Locale.ROOT) + ":" + length;
  }
}
