package io.github.dnd4j.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.dnd4j.internal.BlasThreads;
import java.io.IOException;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A T5's layers, whatever computes them. */
class T5ModelTest {

  /** As on a GPU, where no BLAS can be called. Three blocks of rows. */
  @ParameterizedTest
  @ValueSource(strings = {TinyT5.RELU, TinyT5.GATED})
  void operationsOfNd4jGiveTheSameAsABlas(String name, @TempDir Path directory) throws IOException {
    assumeThat(BlasThreads.available()).isTrue();
    TinyT5 files = new TinyT5(directory, name);
    T5Config config = T5Config.parse(Files.readAllBytes(files.file("config.json")), name);
    List<Window> batch = List.of(window(120, 120), window(120, 7), window(120, 0));
    try (ShardedSafetensors source = ShardedSafetensors.open(files.directory());
        T5Model model = new T5Model(config, T5Weights.read(config, source));
        WindowEncoding.Pass byBlas = model.pass(batch.size(), 120, true);
        WindowEncoding.Pass byOperations = model.pass(batch.size(), 120, false)) {
      INDArray expected = byBlas.run(batch);
      INDArray actual = byOperations.run(batch);

      assertThat(actual.shape()).containsExactly(360, config.width());
      assertThat(Difference.largest(actual, expected)).isLessThan(2e-5f);
    }
  }

  private static Window window(int length, int valid) {
    int[] ids = new int[length];
    for (int i = 0; i < valid; i++) {
      ids[i] = 1 + i * 7 % 31;
    }
    return new Window(IntBuffer.wrap(ids), valid);
  }
}
