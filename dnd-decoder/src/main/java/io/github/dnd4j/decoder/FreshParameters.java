package io.github.dnd4j.decoder;

import io.github.dnd4j.decoder.ParameterSpec.Initialisation;
import io.github.dnd4j.internal.HostFloats;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Seeded values of fresh parameters. The same seed gives the same values on every machine and with
 * every number of threads, which ND4J's own generator does not promise.
 */
final class FreshParameters {

  /**
   * Numbers per independently seeded chunk: a constant of the format of seeds, not a tuning knob.
   */
  private static final int CHUNK = 1 << 20;

  private FreshParameters() {}

  /**
   * Fills all parameters of a layer.
   *
   * @param layer the layer; its name sets it apart from layers of the same shape
   * @param byName its parameters
   * @param seed decides the values
   */
  static void fill(DecoderLayer layer, Function<String, INDArray> byName, long seed) {
    for (ParameterSpec spec : layer.parameters()) {
      long stream = (layer.getLayerName() + "." + spec.name()).hashCode();
      fill(byName.apply(spec.name()), spec.initialisation(), seed, stream);
    }
  }

  private static void fill(
      INDArray parameter, Initialisation initialisation, long seed, long stream) {
    if (initialisation.bound() == 0) {
      parameter.assign(initialisation.constant());
      return;
    }
    long chunks = (parameter.length() + CHUNK - 1) / CHUNK;
    // Seed and stream are mixed one after the other: any sum of both would give neighbouring seeds
    // the same values in some parameters.
    long mixedSeed = new SplittableRandom(seed).nextLong();
    long mix = new SplittableRandom(mixedSeed ^ stream).nextLong();
    LongStream.range(0, chunks)
        .parallel()
        .forEach(chunk -> fillChunk(parameter, initialisation.bound(), mix, chunk));
  }

  private static void fillChunk(INDArray parameter, double bound, long mix, long chunk) {
    SplittableRandom random = new SplittableRandom(mix ^ chunk * 0x9E3779B97F4A7C15L);
    long from = chunk * CHUNK;
    float[] values = new float[(int) Math.min(CHUNK, parameter.length() - from)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    HostFloats.of(parameter).write(from, values, 0, values.length);
  }
}
