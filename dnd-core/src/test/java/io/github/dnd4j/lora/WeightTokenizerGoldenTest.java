package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.internal.HostFloats;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The token format against values of {@code src/test/scripts/weight_tokens.py}, which computes the
 * same formulas with NumPy. The order of the numbers in the file is told there.
 */
class WeightTokenizerGoldenTest {

  private static final LoraConfig CONFIG =
      new LoraConfig(
          2, 4, false, 0, "base", LoraConfig.CAUSAL_LM, Map.of("layers.0.mlp.down", 1), Map.of());
  private static final LoraTarget TARGET =
      new LoraTarget(
          "golden",
          CONFIG,
          4,
          List.of(
              new LoraModule("layers.0.attn.q", 8, 4, 2),
              new LoraModule("layers.0.mlp.up", 4, 12, 2),
              new LoraModule("layers.0.mlp.down", 4, 4, 1)));
  private static final int TOKEN_CELLS = 9 * 4 * 6;

  private LoraAdapter adapter;
  private final Golden reference = new Golden();
  private final Golden log = new Golden();

  /** What the script computed for one encoding. */
  private static final class Golden {
    private float[] tokens;
    private float[] noisyTokens;
    private LoraAdapter fromNoisy;

    private void read(FloatBuffer file) {
      tokens = floats(file, TOKEN_CELLS);
      noisyTokens = floats(file, TOKEN_CELLS);
      fromNoisy = adapter(file);
    }
  }

  @BeforeEach
  void readGoldenValues() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("weight-tokens.bin")) {
      FloatBuffer file =
          ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      adapter = adapter(file);
      reference.read(file);
      log.read(file);
      assertThat(file.hasRemaining()).as("unread numbers").isFalse();
    }
  }

  @AfterEach
  void close() {
    adapter.close();
    reference.fromNoisy.close();
    log.fromNoisy.close();
  }

  @Test
  void tokensOfTheReferenceEncoding() {
    assertTokens(ScaleEncoding.reference(), reference);
  }

  @Test
  void tokensOfTheLogEncoding() {
    assertTokens(ScaleEncoding.log(4.5), log);
  }

  /** A decoder's tokens repeat the scale with different errors; how they are averaged matters. */
  @Test
  void noisyTokensOfTheReferenceEncoding() {
    assertFromNoisy(ScaleEncoding.reference(), reference);
  }

  @Test
  void noisyTokensOfTheLogEncoding() {
    assertFromNoisy(ScaleEncoding.log(4.5), log);
  }

  private void assertTokens(ScaleEncoding encoding, Golden golden) {
    try (INDArray tokens = new WeightTokenizer(TARGET, encoding).tokenize(adapter)) {
      assertThat(tokens.shape()).containsExactly(9, 4, 6);
      assertClose(HostFloats.toArray(tokens), golden.tokens, "token cell");
    }
  }

  private void assertFromNoisy(ScaleEncoding encoding, Golden golden) {
    try (INDArray tokens = HostFloats.toTensor(golden.noisyTokens, 9, 4, 6);
        LoraAdapter actual = new WeightTokenizer(TARGET, encoding).detokenize(tokens, Map.of())) {
      assertThat(actual.modules()).isEqualTo(TARGET.modules());
      for (LoraModule module : TARGET.modules()) {
        assertClose(
            TestAdapters.a(actual, module),
            TestAdapters.a(golden.fromNoisy, module),
            module.path() + " A");
        assertClose(
            TestAdapters.b(actual, module),
            TestAdapters.b(golden.fromNoisy, module),
            module.path() + " B");
      }
    }
  }

  /** Both sides compute in double and store float, so they differ by its rounding at most. */
  private static void assertClose(float[] actual, float[] expected, String what) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      String cell = what + " " + i;
      if (Float.isNaN(expected[i])) {
        assertThat(actual[i]).as(cell).isNaN();
      } else {
        float tolerance = 2e-7f * Math.max(1e-3f, Math.abs(expected[i]));
        assertThat(actual[i]).as(cell).isCloseTo(expected[i], within(tolerance));
      }
    }
  }

  private static LoraAdapter adapter(FloatBuffer file) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : TARGET.modules()) {
      INDArray a =
          HostFloats.toTensor(
              floats(file, module.rank() * module.in()), module.rank(), module.in());
      INDArray b =
          HostFloats.toTensor(
              floats(file, module.out() * module.rank()), module.out(), module.rank());
      weights.put(module.path(), new LoraWeights(a, b));
    }
    return new LoraAdapter(CONFIG, weights, Map.of());
  }

  private static float[] floats(FloatBuffer file, int count) {
    float[] values = new float[count];
    file.get(values);
    return values;
  }
}
