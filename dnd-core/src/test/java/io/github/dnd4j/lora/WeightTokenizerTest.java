package io.github.dnd4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class WeightTokenizerTest {

  static final List<ScaleEncoding> ENCODINGS =
      List.of(ScaleEncoding.reference(), ScaleEncoding.log(ScaleEncoding.DEFAULT_CENTER));

  /** Two modules of 8 -> 4 and 4 -> 8 in tiles of 4: three tokens [4, 6] each. */
  private static final LoraTarget SMALL =
      new LoraTarget(
          "small",
          LoraConfig.of(2, 4, "base", LoraConfig.CAUSAL_LM),
          4,
          List.of(
              new LoraModule("layers.0.up", 8, 4, 2), new LoraModule("layers.0.down", 4, 8, 2)));

  private static final WeightTokenizer TOKENIZER =
      new WeightTokenizer(SMALL, ScaleEncoding.reference());

  static Stream<Arguments> targetsAndEncodings() {
    return Stream.of(LoraTargets.MINILM_L6, oneLayer(LoraTargets.QWEN25_0_5B), SMALL)
        .flatMap(target -> ENCODINGS.stream().map(encoding -> Arguments.of(target, encoding)));
  }

  private static LoraTarget oneLayer(LoraTarget target) {
    return new LoraTarget(
        target.name(), target.config(), target.tileWidth(), target.modules().subList(0, 7));
  }

  @ParameterizedTest
  @MethodSource("targetsAndEncodings")
  void anAdapterComesBackFromItsTokens(LoraTarget target, ScaleEncoding encoding) {
    // given
    WeightTokenizer tokenizer = new WeightTokenizer(target, encoding);
    try (LoraAdapter adapter = TestAdapters.random(target, 1)) {

      // when
      try (INDArray tokens = tokenizer.tokenize(adapter);
          LoraAdapter back = tokenizer.detokenize(tokens, Map.of("key", "value"))) {

        // then
        assertThat(tokens.shape())
            .containsExactly(target.tokenCount(), target.tokenHeight(), target.tokenWidth());
        assertThat(back.config()).isEqualTo(target.config());
        assertThat(back.modules()).isEqualTo(target.modules());
        assertThat(back.metadata()).containsExactly(Map.entry("key", "value"));
        assertSameWeights(back, adapter, 1e-6f);
      }
    }
  }

  @Test
  void theFullQwenAdapterHasItsPublishedTokenShape() {
    try (LoraAdapter adapter = TestAdapters.random(LoraTargets.QWEN25_0_5B, 2);
        INDArray tokens =
            new WeightTokenizer(LoraTargets.QWEN25_0_5B, ScaleEncoding.reference())
                .tokenize(adapter)) {
      assertThat(tokens.shape()).containsExactly(4296, 10, 130);
      assertThat(tokens.isNaN().any()).as("a cell without a weight").isFalse();
    }
  }

  @Test
  void tilesAreCutInTheOrderOfTheReference() {
    // given A = [[0 1 2 3 | 4 5 6 7], [10 11 12 13 | 14 15 16 17]] and a B of zeros
    LoraTarget target =
        new LoraTarget("one", SMALL.config(), 4, List.of(new LoraModule("up", 8, 4, 2)));
    INDArray a =
        HostFloats.toTensor(
            new float[] {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17}, 2, 8);
    INDArray b = HostFloats.toTensor(new float[] {1, 5, 2, 6, 3, 7, 4, 8}, 4, 2);
    try (LoraAdapter adapter =
        new LoraAdapter(target.config(), Map.of("up", new LoraWeights(a, b)), Map.of())) {

      // when
      try (INDArray tokens =
          new WeightTokenizer(target, ScaleEncoding.reference()).tokenize(adapter)) {

        // then the means of the tiles, times 8, stand in every cell of M
        double[] means = {6.5, 10.5, 4.5};
        for (int token = 0; token < 3; token++) {
          for (int row = 2; row < 4; row++) {
            for (int column = 0; column < 6; column += 2) {
              assertThat(tokens.getFloat(token, row, column)).isEqualTo((float) (8 * means[token]));
            }
          }
          for (int row = 0; row < 4; row++) {
            assertThat(tokens.getFloat(token, row, 4)).isEqualTo((float) (8 * means[token]));
          }
        }
        // and B was transposed: its first column is the token's first row
        assertThat(tokens.getFloat(2, 0, 0)).isLessThan(tokens.getFloat(2, 0, 3)).isNegative();
        assertThat(tokens.getFloat(2, 1, 0)).isPositive();
      }
    }
  }

  @ParameterizedTest
  @FieldSource("ENCODINGS")
  void aModuleOfSmallerRankIsPaddedWithNan(ScaleEncoding encoding) {
    // given one module of rank 3 and one of rank 1
    LoraConfig config =
        new LoraConfig(3, 6, false, 0, "base", "CAUSAL_LM", Map.of("small", 1), Map.of());
    LoraTarget target =
        new LoraTarget(
            "ranks",
            config,
            4,
            List.of(new LoraModule("large", 4, 4, 3), new LoraModule("small", 4, 4, 1)));
    WeightTokenizer tokenizer = new WeightTokenizer(target, encoding);
    try (LoraAdapter adapter = TestAdapters.random(target, 3);
        INDArray tokens = tokenizer.tokenize(adapter)) {

      // then rows 0 to 2 of the small one's tokens are its tile and scale, rows 3 and 4 nothing
      try (INDArray filled = tokens.get(NDArrayIndex.interval(2, 4), NDArrayIndex.interval(0, 3));
          INDArray padding = tokens.get(NDArrayIndex.interval(2, 4), NDArrayIndex.interval(3, 5))) {
        assertThat(HostFloats.toArray(filled)).doesNotContain(Float.NaN);
        assertThat(HostFloats.toArray(padding)).containsOnly(Float.NaN);
      }

      // and the padding does not disturb the way back
      try (LoraAdapter back = tokenizer.detokenize(tokens, Map.of())) {
        assertSameWeights(back, adapter, 1e-6f);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("ENCODINGS")
  void tilesOfZerosComeBackAsZeros(ScaleEncoding encoding) {
    // given a lora_B of zeros, as every fresh adapter has it
    WeightTokenizer tokenizer = new WeightTokenizer(SMALL, encoding);
    try (LoraAdapter adapter = TestAdapters.constant(SMALL, 0.25f, 0);
        INDArray tokens = tokenizer.tokenize(adapter);
        LoraAdapter back = tokenizer.detokenize(tokens, Map.of())) {

      // then
      for (LoraModule module : SMALL.modules()) {
        assertThat(TestAdapters.b(back, module)).containsOnly(0f);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("ENCODINGS")
  void constantTilesKeepTheirValue(ScaleEncoding encoding) {
    WeightTokenizer tokenizer = new WeightTokenizer(SMALL, encoding);
    try (LoraAdapter adapter = TestAdapters.constant(SMALL, 0.25f, -0.003f);
        INDArray tokens = tokenizer.tokenize(adapter);
        LoraAdapter back = tokenizer.detokenize(tokens, Map.of())) {
      assertSameWeights(back, adapter, 2e-6f);
    }
  }

  /** The log encoding does not take a deviation below 1e-8, nor below a thousandth of the mean. */
  @Test
  void tilesThatHardlyVaryComeBackInTheLogEncoding() {
    WeightTokenizer tokenizer = new WeightTokenizer(SMALL, ScaleEncoding.log(4.5));
    try (LoraAdapter adapter = TestAdapters.constant(SMALL, 1, 0)) {
      // given A = 1, but 1.0001 in one place; and B = 0, but 1e-10 in one place
      adapter.weights("layers.0.up").a().putScalar(0, 0, 1.0001f);
      adapter.weights("layers.0.up").b().putScalar(0, 0, 1e-10f);

      try (INDArray tokens = tokenizer.tokenize(adapter);
          LoraAdapter back = tokenizer.detokenize(tokens, Map.of())) {

        // then
        INDArray a = back.weights("layers.0.up").a();
        INDArray b = back.weights("layers.0.up").b();
        assertThat(a.getFloat(0, 0) - a.getFloat(0, 1)).isCloseTo(1e-4f, within(1e-6f));
        assertThat(a.getFloat(0, 1)).isCloseTo(1f, within(3e-6f));
        assertThat(b.getFloat(0, 0)).isCloseTo(1e-10f, within(1e-15f));
        assertThat(b.getFloat(1, 0)).isCloseTo(0f, within(1e-15f));
      }
    }
  }

  /** An error of 0.05 in every scale cell is 5 % of the log encoding's scale, whatever its size. */
  @Test
  void theLogEncodingTurnsErrorsOfTheScaleIntoRelativeOnes() {
    WeightTokenizer tokenizer = new WeightTokenizer(SMALL, ScaleEncoding.log(4.5));
    try (LoraAdapter adapter = TestAdapters.random(SMALL, 4);
        INDArray tokens = tokenizer.tokenize(adapter)) {
      for (int token = 0; token < SMALL.tokenCount(); token++) {
        for (int row = 0; row < 4; row++) {
          for (int column = row < 2 ? 5 : 1; column < 6; column += 2) {
            tokens.putScalar(token, row, column, tokens.getFloat(token, row, column) + 0.05f);
          }
        }
      }
      try (LoraAdapter back = tokenizer.detokenize(tokens, Map.of())) {
        for (LoraModule module : SMALL.modules()) {
          float[] expected = TestAdapters.a(adapter, module);
          float[] actual = TestAdapters.a(back, module);
          for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i] / expected[i]).isCloseTo((float) Math.exp(0.05), within(1e-4f));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("BROKEN_CELLS")
  void aBrokenTokenIsNamedWithItsMatrixAndTile(float broken) {
    try (LoraAdapter adapter = TestAdapters.random(SMALL, 5);
        INDArray tokens = TOKENIZER.tokenize(adapter)) {
      // given token 4: the second module's lora_B, first tile
      tokens.putScalar(4, 1, 2, broken);

      assertThatThrownBy(() -> TOKENIZER.detokenize(tokens, Map.of()))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("weight token 4 (layers.0.down.lora_B, tile 0)")
          .hasMessageContaining("NaN or infinite");
    }
  }

  static final List<Float> BROKEN_CELLS =
      List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);

  @Test
  void aBrokenScaleIsNamedToo() {
    try (LoraAdapter adapter = TestAdapters.random(SMALL, 5);
        INDArray tokens = TOKENIZER.tokenize(adapter)) {
      tokens.putScalar(1, 0, 5, 1e9f);

      assertThatThrownBy(() -> TOKENIZER.detokenize(tokens, Map.of()))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("weight token 1 (layers.0.up.lora_A, tile 1)");
    }
  }

  @Test
  void anAdapterWithANanIsNotTokenized() {
    try (LoraAdapter adapter = TestAdapters.random(SMALL, 6)) {
      adapter.weights("layers.0.up").a().putScalar(1, 5, Float.NaN);

      assertThatThrownBy(() -> TOKENIZER.tokenize(adapter))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("layers.0.up.lora_A, tile 1")
          .hasMessageContaining("NaN or infinite");
    }
  }

  @Test
  void anAdapterThatLacksAModuleDoesNotFit() {
    try (LoraAdapter adapter =
        TestAdapters.random(SMALL.config(), SMALL.modules().subList(0, 1), 7)) {
      assertThatThrownBy(() -> TOKENIZER.tokenize(adapter))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("target small expects")
          .hasMessageContaining("layers.0.down")
          .hasMessageContaining("no such module");
    }
  }

  @Test
  void anAdapterWithAModuleTooManyDoesNotFit() {
    List<LoraModule> modules =
        Stream.concat(SMALL.modules().stream(), Stream.of(new LoraModule("head", 4, 4, 2)))
            .toList();
    try (LoraAdapter adapter = TestAdapters.random(SMALL.config(), modules, 8)) {
      assertThatThrownBy(() -> TOKENIZER.tokenize(adapter))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("the adapter changes head")
          .hasMessageContaining("LoraTarget.of");
    }
  }

  @Test
  void anAdapterOfAnotherShapeDoesNotFit() {
    List<LoraModule> modules =
        List.of(new LoraModule("layers.0.up", 8, 8, 2), SMALL.modules().get(1));
    try (LoraAdapter adapter = TestAdapters.random(SMALL.config(), modules, 9)) {
      assertThatThrownBy(() -> TOKENIZER.tokenize(adapter))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("in=8, out=4")
          .hasMessageContaining("in=8, out=8");
    }
  }

  @Test
  void theOrderOfTheAdaptersModulesDoesNotMatter() {
    List<LoraModule> reversed = List.of(SMALL.modules().get(1), SMALL.modules().get(0));
    try (LoraAdapter adapter = TestAdapters.random(SMALL.config(), reversed, 10);
        INDArray tokens = TOKENIZER.tokenize(adapter);
        LoraAdapter back = TOKENIZER.detokenize(tokens, Map.of())) {
      assertSameWeights(back, adapter, 1e-6f);
    }
  }

  @Test
  void tokensOfAnotherShapeAreRefused() {
    try (INDArray tokens = HostFloats.uninitialized(6, 4, 8)) {
      assertThatThrownBy(() -> TOKENIZER.detokenize(tokens, Map.of()))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("[6, 4, 6]")
          .hasMessageContaining("[6, 4, 8]");
    }
  }

  @Test
  void tokensOfAnotherTypeAreRefused() {
    try (INDArray tokens = Nd4j.create(DataType.DOUBLE, 6, 4, 6)) {
      assertThatThrownBy(() -> TOKENIZER.detokenize(tokens, Map.of()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("must be FLOAT")
          .hasMessageContaining("DOUBLE");
    }
  }

  @Test
  void tokensThatAreNotContiguousAreRefused() {
    try (INDArray tokens = Nd4j.create(DataType.FLOAT, 6, 6, 4)) {
      assertThatThrownBy(() -> TOKENIZER.detokenize(tokens.permute(0, 2, 1), Map.of()))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("'c' order");
    }
  }

  @Test
  void tokensMayBeAViewIntoABatch() {
    try (LoraAdapter adapter = TestAdapters.random(SMALL, 11);
        INDArray tokens = TOKENIZER.tokenize(adapter);
        INDArray batch = Nd4j.create(DataType.FLOAT, 2, 6, 4, 6)) {
      batch.get(NDArrayIndex.point(1), NDArrayIndex.all(), NDArrayIndex.all()).assign(tokens);

      INDArray second = batch.get(NDArrayIndex.point(1), NDArrayIndex.all(), NDArrayIndex.all());
      try (LoraAdapter back = TOKENIZER.detokenize(second, Map.of())) {
        assertSameWeights(back, adapter, 1e-6f);
      }
    }
  }

  /** Within a part of the module's largest weight, as float32 tokens allow. */
  private static void assertSameWeights(LoraAdapter actual, LoraAdapter expected, float tolerance) {
    for (LoraModule module : expected.modules()) {
      assertClose(
          TestAdapters.a(actual, module), TestAdapters.a(expected, module), module, tolerance);
      assertClose(
          TestAdapters.b(actual, module), TestAdapters.b(expected, module), module, tolerance);
    }
  }

  private static void assertClose(
      float[] actual, float[] expected, LoraModule module, float tolerance) {
    assertThat(actual).as(module.path()).hasSameSizeAs(expected);
    float largest = 0;
    float difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    }
    assertThat(difference).as(module.path()).isLessThanOrEqualTo(tolerance * largest);
  }
}
