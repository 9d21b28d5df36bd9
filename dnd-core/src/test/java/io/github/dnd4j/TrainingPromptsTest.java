package io.github.dnd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.TrainingPrompts.TrainingSet;
import io.github.dnd4j.internal.HostFloats;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class TrainingPromptsTest {

  private static final double DOUBLE_ROUNDING = 1e-6;

  /** Adds a draw of one prompt of one token. */
  private static void add(TrainingPrompts.Builder builder, String set, float... state) {
    try (INDArray condition = HostFloats.toTensor(state, 1, 1, state.length)) {
      builder.add(set, condition);
    }
  }

  private static PromptNovelty novelty(TrainingPrompts remembered, float[] states, long... shape) {
    try (INDArray condition = HostFloats.toTensor(states, shape)) {
      return remembered.novelty(condition);
    }
  }

  /** Two training sets of two draws in the plane, as mirror images. */
  private static TrainingPrompts.Builder mirrored() {
    TrainingPrompts.Builder builder = TrainingPrompts.builder();
    add(builder, "right", 1, 0);
    add(builder, "right", 0.8f, 0.6f);
    add(builder, "left", -1, 0);
    add(builder, "left", -0.8f, 0.6f);
    return builder;
  }

  @Nested
  class TheFormula {

    @Test
    void isThatOfAnExampleByHand() {
      // given
      TrainingPrompts remembered = mirrored().build().orElseThrow();

      // then the centroids are (3, 1) and (-3, 1) over the root of 10
      double root = Math.sqrt(10);
      assertThat(remembered.sets()).extracting(TrainingSet::name).containsExactly("right", "left");
      assertThat(remembered.sets().get(1).centroid())
          .containsExactly(new float[] {(float) (-3 / root), (float) (1 / root)}, within(1e-6f));
      // and either draw of a set is at 1 - 0.8 from the other, which is its set without it
      assertThat(remembered.familiar()).isCloseTo(0.2, within(DOUBLE_ROUNDING));
      // and they are at 1 + 3 / root and 1 + (2.4 - 0.6) / root from the centroid of the other set
      assertThat(remembered.unfamiliar()).isCloseTo(1 + 2.4 / root, within(DOUBLE_ROUNDING));

      // and what points up is at 1 - 1 / root from both: (1 - 1 / root - 0.2) / (0.8 + 2.4 / root)
      PromptNovelty up = novelty(remembered, new float[] {0, 5}, 1, 1, 2);
      assertThat(up).isEqualTo(new PromptNovelty(0.3103, "right", 1));
      // and what points down is at 1 + 1 / root
      PromptNovelty down = novelty(remembered, new float[] {0, -1}, 1, 1, 2);
      assertThat(down.score()).isEqualTo(0.7160);
    }

    @Test
    void isZeroWhereAPromptOfTheTrainingStands() {
      TrainingPrompts remembered = mirrored().build().orElseThrow();

      assertThat(novelty(remembered, new float[] {-0.9f, 0.3f}, 1, 1, 2))
          .isEqualTo(new PromptNovelty(0, "left", 1));
    }

    @Test
    void takesTheMeanOfTheSetsHoweverManyDrawsEachHas() {
      // given a set of a third draw that changes no mean
      TrainingPrompts.Builder builder = TrainingPrompts.builder();
      for (int i = 0; i < 3; i++) {
        add(builder, "same", 0, 1);
      }
      add(builder, "apart", 1, 0);
      add(builder, "apart", 0.8f, 0.6f);

      // when
      TrainingPrompts remembered = builder.build().orElseThrow();

      // then
      assertThat(remembered.familiar()).isCloseTo((0 + 0.2) / 2, within(DOUBLE_ROUNDING));
    }

    @Test
    void isTheSameComputedInAnotherWay() {
      // given 3 prompts of 11 tokens of width 5, of which 8 count
      float[] states = gaussian(3 * 11 * 5, 7);
      double[] signature = new double[5];
      for (int prompt = 0; prompt < 3; prompt++) {
        double[] mean = new double[5];
        for (int token = 0; token < 8; token++) {
          int at = (prompt * 11 + token) * 5;
          double length = 0;
          for (int i = 0; i < 5; i++) {
            length = Math.hypot(length, states[at + i]);
          }
          for (int i = 0; i < 5; i++) {
            mean[i] += states[at + i] / length / 8;
          }
        }
        double length = 0;
        for (double value : mean) {
          length = Math.hypot(length, value);
        }
        for (int i = 0; i < 5; i++) {
          signature[i] += mean[i] / length / 3;
        }
      }
      TrainingPrompts remembered =
          new TrainingPrompts(
              8,
              List.of(
                  new TrainingSet("x", new float[] {1, 0, 0, 0, 0}),
                  new TrainingSet("y", new float[] {0, 1, 0, 0, 0})),
              0.25,
              0.75,
              1);

      // when
      PromptNovelty actual = novelty(remembered, states, 3, 11, 5);

      // then
      double distance = Math.min(1 - signature[0], 1 - signature[1]);
      assertThat(actual.score()).isCloseTo((distance - 0.25) / 0.5, within(0.5e-4));
      assertThat(actual.nearest()).isEqualTo(signature[0] > signature[1] ? "x" : "y");
    }
  }

  @Nested
  class TheScore {

    private final TrainingPrompts remembered = mirrored().build().orElseThrow();

    @Test
    void dependsOnDirectionsOnly() {
      float[] small = {0.1f, 0.4f, 0, -2};
      float[] large = {100, 400, 0, -0.02f};

      assertThat(novelty(remembered, small, 1, 2, 2))
          .isEqualTo(novelty(remembered, large, 1, 2, 2));
    }

    @Test
    void doesNotDependOnTokensBeyondTheLeadingOnes() {
      float[] longer = new float[2 * 10];
      for (int token = 0; token < 10; token++) {
        longer[2 * token + (token < 8 ? 1 : 0)] = 1;
      }

      assertThat(novelty(remembered, longer, 1, 10, 2))
          .isEqualTo(novelty(remembered, new float[] {0, 1}, 1, 1, 2));
    }

    @Test
    void leavesOutTokensOfZeros() {
      assertThat(novelty(remembered, new float[] {0, 1, 0, 0}, 1, 2, 2))
          .isEqualTo(novelty(remembered, new float[] {0, 1}, 1, 1, 2));
    }

    @Test
    void isTheSameForAPromptAndItsRepetitions() {
      float[] once = {0.3f, -0.7f};
      float[] thrice = {0.3f, -0.7f, 0.3f, -0.7f, 0.3f, -0.7f};

      assertThat(novelty(remembered, thrice, 3, 1, 2))
          .isEqualTo(novelty(remembered, once, 1, 1, 2));
    }

    @Test
    void isForSeveralPromptsTheMeanOfTheirDistances() {
      double one = novelty(remembered, new float[] {0.1f, -1}, 1, 1, 2).score();
      double other = novelty(remembered, new float[] {0.3f, -1}, 1, 1, 2).score();

      assertThat(novelty(remembered, new float[] {0.1f, -1, 0.3f, -1}, 2, 1, 2).score())
          .isCloseTo((one + other) / 2, within(1e-4));
    }

    @Test
    void isHighForATaskOfItsOwnAndLowForOneOfTheTraining() {
      // given three tasks in eight dimensions, of 160 noisy prompts each
      TrainingPrompts.Builder builder = TrainingPrompts.builder();
      for (int task = 0; task < 3; task++) {
        for (int draw = 0; draw < 16; draw++) {
          try (INDArray condition = prompts(task, 100 * task + draw)) {
            builder.add("task " + task, condition);
          }
        }
      }
      TrainingPrompts three = builder.build().orElseThrow();

      // then
      try (INDArray familiar = prompts(1, 999);
          INDArray novel = prompts(3, 999)) {
        assertThat(three.novelty(familiar).score()).isLessThan(0.3);
        assertThat(three.novelty(familiar).nearest()).isEqualTo("task 1");
        assertThat(three.novelty(novel).score()).isBetween(0.7, 1.3);
      }
    }

    private static INDArray prompts(int task, long seed) {
      float[] states = gaussian(10 * 4 * 8, seed);
      for (int token = 0; token < states.length; token += 8) {
        states[token + task] += 5;
      }
      return HostFloats.toTensor(states, 10, 4, 8);
    }
  }

  @Nested
  class ThereIsNone {

    private static Optional<TrainingPrompts> of(String... sets) {
      TrainingPrompts.Builder builder = TrainingPrompts.builder();
      for (String set : sets) {
        add(builder, set, set.length(), 1);
      }
      return builder.build();
    }

    @Test
    void ofFewerThanTwoTrainingSets() {
      assertThat(of()).isEmpty();
      assertThat(of("one", "one")).isEmpty();
    }

    @Test
    void whereNoSetHasASecondDraw() {
      assertThat(of("one", "three")).isEmpty();
      assertThat(of("one", "three", "three")).isPresent();
    }

    @Test
    void ofSetsThatAreNotToldApart() {
      assertThat(of("one", "one", "two", "two")).isEmpty();
    }

    @Test
    void ofPromptsWithoutADirection() {
      TrainingPrompts.Builder builder = mirrored();
      add(builder, "nothing", 0, 0);

      assertThat(builder.build().orElseThrow().sets()).hasSize(2);
    }

    @Test
    void ofMoreSetsThanCanBeKept() {
      TrainingPrompts.Builder builder = TrainingPrompts.builder();
      float[] wide = new float[1 << 19];
      for (int set = 0; set < 3; set++) {
        wide[set] = 1;
        add(builder, "set " + set, wide);
        add(builder, "set " + set, wide);
        wide[set] = 0;
      }

      assertThat(builder.build()).isEmpty();
    }
  }

  @Nested
  class Refused {

    private static final TrainingSet X = new TrainingSet("x", new float[] {1, 0});
    private static final TrainingSet Y = new TrainingSet("y", new float[] {0, 1});

    private void assertRefused(
        String message, int tokens, List<TrainingSet> sets, double... values) {
      assertThatThrownBy(() -> new TrainingPrompts(tokens, sets, values[0], values[1], values[2]))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(message);
    }

    @Test
    void areValuesThatCannotBe() {
      assertRefused("tokens", 0, List.of(X, Y), 0.1, 0.2, 1);
      assertRefused("1 training sets: at least two", 8, List.of(X), 0.1, 0.2, 1);
      assertRefused("two training sets are called x", 8, List.of(X, Y, X), 0.1, 0.2, 1);
      assertRefused("are 0.2 and 0.2", 8, List.of(X, Y), 0.2, 0.2, 1);
      assertRefused("are -0.1 and 0.2", 8, List.of(X, Y), -0.1, 0.2, 1);
      assertRefused("are 0.1 and 2.5", 8, List.of(X, Y), 0.1, 2.5, 1);
      assertRefused("are NaN and 0.2", 8, List.of(X, Y), Double.NaN, 0.2, 1);
      assertRefused("but is 0.0", 8, List.of(X, Y), 0.1, 0.2, 0);
      assertRefused("but is Infinity", 8, List.of(X, Y), 0.1, 0.2, Double.POSITIVE_INFINITY);
      TrainingSet wider = new TrainingSet("wider", new float[] {1, 0, 0});
      assertRefused("wider has 3 numbers, but that of x has 2", 8, List.of(X, wider), 0.1, 0.2, 1);
      TrainingSet wide = new TrainingSet("wide", oneAt0(1 << 20));
      assertRefused("too many", 8, List.of(wide, wide), 0.1, 0.2, 1);
    }

    private static float[] oneAt0(int size) {
      float[] values = new float[size];
      values[0] = 1;
      return values;
    }

    @Test
    void areCentroidsOfNoUnitLength() {
      for (float[] centroid : new float[][] {{}, {0, 0}, {1, 1}, {Float.NaN, 0}}) {
        assertThatThrownBy(() -> new TrainingSet("x", centroid))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("the centroid of x must have the length 1");
      }
      assertThatThrownBy(() -> new TrainingSet(" ", new float[] {1}))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("name of a training set must not be blank");
    }

    @Test
    void areStatesOfAnotherWidth() {
      TrainingPrompts remembered = mirrored().build().orElseThrow();

      assertThatThrownBy(() -> novelty(remembered, new float[3], 1, 1, 3))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("[any, any, 2]");
      assertThatThrownBy(() -> add(mirrored(), "right", 1, 2, 3))
          .isInstanceOf(ShapeMismatchException.class);
    }

    @Test
    void areStatesThatAreNoNumbers() {
      TrainingPrompts remembered = mirrored().build().orElseThrow();

      assertThatThrownBy(() -> novelty(remembered, new float[] {0, Float.NaN}, 1, 1, 2))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("NaN or infinite");
      try (INDArray condition = HostFloats.toTensor(new float[8], 2, 2, 2)) {
        INDArray transposed = condition.permute(2, 1, 0);
        assertThatThrownBy(() -> remembered.novelty(transposed))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("contiguous");
      }
    }

    @Test
    void isAnotherNumberOfTokensOnceThereAreDraws() {
      TrainingPrompts.Builder builder = TrainingPrompts.builder().tokens(3);
      add(builder, "x", 1);

      assertThatThrownBy(() -> builder.tokens(4))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("before add");
    }
  }

  @Nested
  class AsAValue {

    @Test
    void itEqualsOneOfTheSameNumbers() {
      TrainingPrompts remembered = mirrored().build().orElseThrow();

      assertThat(remembered)
          .isEqualTo(mirrored().build().orElseThrow())
          .hasSameHashCodeAs(mirrored().build().orElseThrow())
          .isNotEqualTo(remembered.withThreshold(2));
      assertThat(remembered.withThreshold(2).threshold()).isEqualTo(2);
      assertThat(remembered.sets().get(0)).isNotEqualTo(remembered.sets().get(1));
    }

    @Test
    void itCannotBeChangedFromOutside() {
      float[] centroid = {1, 0};
      TrainingSet set = new TrainingSet("x", centroid);
      centroid[0] = 5;
      set.centroid()[0] = 6;

      assertThat(set.centroid()).containsExactly(1, 0);
      assertThatThrownBy(() -> Collections.reverse(mirrored().build().orElseThrow().sets()))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  private static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void strengthRestoresTheNormOfFamiliarPromptsAndShrinksNovelOnes() {
    // given adapters of the training with a norm of 3
    TrainingPrompts remembered =
        new TrainingPrompts(
                8,
                List.of(
                    new TrainingSet("a", new float[] {1, 0}),
                    new TrainingSet("b", new float[] {0, 1})),
                0.1,
                0.5,
                2)
            .withChangeNorm(3);
    // when, then: what was generated has half of that norm
    assertThat(remembered.strength(new PromptNovelty(0, "a", 2), 1.5)).isEqualTo(2);
    assertThat(remembered.strength(new PromptNovelty(1, "a", 2), 1.5)).isEqualTo(1.5);
    assertThat(remembered.strength(new PromptNovelty(2, "a", 2), 1.5)).isEqualTo(1);
    assertThat(remembered.strength(new PromptNovelty(4, "a", 2), 1.5)).isEqualTo(0.5);
    // and a long one is not made shorter for its length, nor a very short one stretched without end
    assertThat(remembered.strength(new PromptNovelty(0, "a", 2), 4)).isEqualTo(1);
    assertThat(remembered.strength(new PromptNovelty(0, "a", 2), 0.1)).isEqualTo(3);
    assertThat(remembered.strength(new PromptNovelty(0, "a", 2), 0)).isEqualTo(3);
    // and without a known norm nothing is stretched
    TrainingPrompts unknown = new TrainingPrompts(8, remembered.sets(), 0.1, 0.5, 2);
    assertThat(unknown.strength(new PromptNovelty(0, "a", 2), 1.5)).isEqualTo(1);
    assertThat(unknown.strength(new PromptNovelty(4, "a", 2), 1.5)).isEqualTo(0.5);
    // and no other norm is accepted
    assertThatThrownBy(() -> unknown.withChangeNorm(Double.NaN)).hasMessageContaining("NaN");
  }
}
