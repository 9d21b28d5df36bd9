package io.github.dnd4j.encoder;

/** What a feed-forward part does to each number between its products. */
enum Activation {

  /** {@code max(x, 0)}. */
  RELU {
    @Override
    void apply(float[] values, int from, int count) {
      for (int i = from; i < from + count; i++) {
        values[i] = Math.max(values[i], 0f);
      }
    }
  },

  /**
   * GELU by the hyperbolic tangent, {@code x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}
   * (Hendrycks and Gimpel, arXiv 1606.08415), which Hugging Face calls gelu_new.
   *
   * <p>Computed as {@code max(x, 0) - u * h(u)} with {@code u = |x|} and {@code h(u) = (1 -
   * tanh(sqrt(2 / pi) (u + 0.044715 u^3))) / 2}, as {@link TokenOps#gelu(float[])} is and for the
   * same reasons, with another rational h from {@code fit_gelu.py} among the tests. Within 2e-7
   * plus half a unit in the last place of the exact one.
   */
  GELU_TANH {
    @Override
    void apply(float[] values, int from, int count) {
      for (int i = from; i < from + count; i++) {
        float x = values[i];
        float u = Math.min(Math.abs(x), 5.5f);
        float p = -1.5803259e-4f;
        p = p * u + 3.9380766e-3f;
        p = p * u - 3.93503e-2f;
        p = p * u + 1.9716054e-1f;
        p = p * u - 4.9553305e-1f;
        p = p * u + 4.9999624e-1f;
        float q = 2.9125132e-4f;
        q = q * u - 1.4174044e-3f;
        q = q * u + 5.0916434e-3f;
        q = q * u - 6.295958e-3f;
        q = q * u + 2.4777176e-2f;
        q = q * u - 2.4890184e-2f;
        q = q * u + 2.4142839e-1f;
        q = q * u - 1.9336018e-1f;
        q = q * u + 1;
        values[i] = Math.max(x, 0f) - u * p / q;
      }
    }
  };

  /**
   * Applies it in place.
   *
   * @param values the numbers
   * @param from the first of them
   * @param count how many
   */
  abstract void apply(float[] values, int from, int count);
}
