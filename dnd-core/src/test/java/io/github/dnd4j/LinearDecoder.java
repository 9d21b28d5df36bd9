package io.github.dnd4j;

import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.TokenShape;
import io.github.dnd4j.spi.WeightDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A decoder for tests: one random matrix, made from a seed, which is all that its file holds. */
class LinearDecoder implements WeightDecoder {

  static final String TYPE = "test-linear";
  static final ConditionShape CONDITION = new ConditionShape(3, 2, 4);

  /** The last one that was made, by a provider for example. */
  static LinearDecoder latest;

  final List<INDArray> given = new ArrayList<>();
  private final TokenShape tokens;
  private final long seed;
  private final INDArray matrix;
  int closed;

  LinearDecoder(TokenShape tokens, long seed) {
    this.tokens = tokens;
    this.seed = seed;
    int rows = CONDITION.prompts() * CONDITION.textLength() * CONDITION.dimension();
    int columns = tokens.tokens() * tokens.height() * tokens.width();
    Random random = new Random(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.1 * random.nextGaussian());
    }
    this.matrix = HostFloats.toTensor(values, rows, columns);
    latest = this;
  }

  @Override
  public ConditionShape conditionShape() {
    return CONDITION;
  }

  @Override
  public TokenShape tokenShape() {
    return tokens;
  }

  @Override
  public INDArray decode(INDArray conditions, ProgressListener progress) {
    long batch = conditions.size(0);
    INDArray result =
        HostFloats.uninitialized(batch, tokens.tokens(), tokens.height(), tokens.width());
    try (INDArray product = conditions.reshape('c', batch, matrix.size(0)).mmul(matrix)) {
      HostFloats.of(result)
          .write(0, HostFloats.toArray(product), 0, Math.toIntExact(product.length()));
    }
    progress.onProgress(1, 1);
    given.add(result);
    return result;
  }

  @Override
  public String fingerprint() {
    return Hashes.sha256(List.of(Long.toString(seed)));
  }

  @Override
  public ComponentSpec spec() {
    return new ComponentSpec(
        TYPE,
        Map.of(
            "tokens", Integer.toString(tokens.tokens()),
            "height", Integer.toString(tokens.height()),
            "width", Integer.toString(tokens.width())));
  }

  @Override
  public void save(Path file, WeightPrecision precision) {
    try {
      Files.writeString(file, Long.toString(seed));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static LinearDecoder open(ComponentSpec spec, Path file) {
    TokenShape tokens =
        new TokenShape(
            Integer.parseInt(spec.require("tokens")),
            Integer.parseInt(spec.require("height")),
            Integer.parseInt(spec.require("width")));
    try {
      return new LinearDecoder(tokens, Long.parseLong(Files.readString(file)));
    } catch (IOException e) {
      throw new FileAccessException("cannot read " + file + ": check that it is there", e);
    }
  }

  @Override
  public void close() {
    closed++;
    matrix.close();
  }
}
