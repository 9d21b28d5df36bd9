package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.Place;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@DisplayName("A tile of scores")
class ScoreTileTest {

  private static final int QUERIES = 3;
  private static final int STRIDE = 5;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 16, 130})
  @DisplayName("gives each query weights that add up to 1 over its keys")
  void weights(int keys) {
    float[] scores = scores(keys);

    float[] weights = through(new ScoreTile(keys, STRIDE), scores, tile -> tile.softmax(0.5f));

    for (int query = 0; query < QUERIES; query++) {
      double sum = 0;
      for (int key = 0; key < keys; key++) {
        sum += Math.exp(0.5 * scores[key * STRIDE + query]);
      }
      for (int key = 0; key < keys; key++) {
        double expected = Math.exp(0.5 * scores[key * STRIDE + query]) / sum;
        assertThat((double) weights[key * STRIDE + query]).isCloseTo(expected, within(3e-7));
      }
    }
  }

  @Test
  @DisplayName("can be used again for fewer keys, and writes no more than those")
  void usedAgain() {
    ScoreTile tile = new ScoreTile(20, STRIDE);
    through(tile, scores(20), scored -> scored.softmax(1));

    float[] weights = through(tile, scores(11), scored -> scored.softmax(1));

    float[] fresh = through(new ScoreTile(20, STRIDE), scores(11), scored -> scored.softmax(1));
    assertThat(weights).containsExactly(fresh);
    assertThat(weights[11 * STRIDE]).as("what is behind").isEqualTo(-7);
  }

  @Test
  @DisplayName("gives hidden keys no weight in the queries that do not see them")
  void hidden() {
    float[] weights =
        through(
            new ScoreTile(10, STRIDE),
            new float[10 * STRIDE],
            tile -> {
              tile.hide(1, 1);
              tile.hide(9, 2);
              tile.softmax(1);
            });

    assertThat(weights[STRIDE]).isZero();
    assertThat(weights[STRIDE + 1]).isCloseTo(1f / 9, within(1e-7f));
    assertThat(weights[9 * STRIDE]).isZero();
    assertThat(weights[9 * STRIDE + 1]).isZero();
    assertThat(weights[0]).isCloseTo(1f / 8, within(1e-7f));
    assertThat(weights[9 * STRIDE + 2]).isCloseTo(1f / 10, within(1e-7f));
  }

  @Test
  @DisplayName("scales scores and adds a bias to them, key by key")
  void bias() {
    float[] scores = scores(10);

    float[] sums =
        through(
            new ScoreTile(10, STRIDE),
            scores,
            tile -> tile.scaleAndAdd(9, 2, new float[] {0, 10, 20, 30}, 1, QUERIES));

    for (int query = 0; query < QUERIES; query++) {
      float score = scores[9 * STRIDE + query];
      assertThat(sums[9 * STRIDE + query]).isEqualTo(2 * score + 10 * (query + 1));
      assertThat(sums[8 * STRIDE + query]).isEqualTo(scores[8 * STRIDE + query]);
    }
  }

  @Test
  @DisplayName("gives all keys the same weight where asked to")
  void same() {
    float[] weights =
        through(new ScoreTile(9, STRIDE), new float[9 * STRIDE], tile -> tile.fill(0.25f, 9));

    for (int key = 0; key < 9; key++) {
      assertThat(weights[key * STRIDE + 1]).isEqualTo(0.25f);
    }
  }

  @Test
  @DisplayName("takes scores of any size, and passes on what is not a number")
  void extremes() {
    float[] values = new float[4 * STRIDE];
    float[] scores = {-3e38f, 1e30f, -1e30f, 1e30f};
    for (int key = 0; key < 4; key++) {
      values[key * STRIDE] = scores[key];
      values[key * STRIDE + 1] = key == 1 ? Float.NaN : key;
    }

    float[] weights = through(new ScoreTile(4, STRIDE), values, tile -> tile.softmax(1));

    assertThat(weights[STRIDE]).isCloseTo(0.5f, within(1e-6f));
    assertThat(weights[3 * STRIDE]).isEqualTo(weights[STRIDE]);
    assertThat(weights[0]).isBetween(0f, 1e-12f);
    for (int key = 0; key < 4; key++) {
      assertThat(weights[key * STRIDE + 1]).isNaN();
    }
  }

  private static float[] scores(int keys) {
    float[] scores = new float[keys * STRIDE];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (i * 37 % 101) / 10f;
    }
    return scores;
  }

  private interface Step {
    void on(ScoreTile tile);
  }

  /** Reads scores into a tile, does something and writes them to memory with a row more. */
  private static float[] through(ScoreTile tile, float[] scores, Step step) {
    int keys = scores.length / STRIDE;
    try (INDArray memory = HostFloats.uninitialized(keys + 1L, STRIDE)) {
      memory.assign(-7);
      HostFloats.of(memory).write(0, scores, 0, scores.length);
      tile.read(Place.addressOf(memory), keys);
      step.on(tile);
      tile.write(Place.addressOf(memory));
      return HostFloats.toArray(memory);
    }
  }
}
