package io.github.dnd4j.lora;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Turns an adapter into weight tokens, the form in which a decoder generates it, and back.
 *
 * <p>Per module, {@code lora_A [r, in]} is cut along its columns into tiles {@code [r, W]}, and
 * then {@code lora_B [out, r]}, transposed, likewise. A token is a grid {@code [r + 2, W + 2]}: the
 * tile normalised by its mean m and its unbiased standard deviation s; in the last two rows {@code
 * M S M S ...}, and in the last two columns M and S, the encoded m and s (see {@link
 * ScaleEncoding}). A tile smaller than the grid, of a module with a smaller rank than others, is
 * padded with NaN. This is the format of the reference implementation of arXiv 2506.16406.
 *
 * <pre>{@code
 * WeightTokenizer tokenizer =
 *     new WeightTokenizer(LoraTargets.QWEN25_0_5B, ScaleEncoding.reference());
 * try (INDArray tokens = tokenizer.tokenize(adapter)) {          // [4296, 10, 130]
 *   LoraAdapter same = tokenizer.detokenize(tokens, Map.of());
 * }
 * }</pre>
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class WeightTokenizer {

  /** Rows and columns of a token that carry the scale. */
  private static final int SCALE_CELLS = 2;

  private final LoraTarget target;
  private final ScaleEncoding encoding;

  /**
   * Creates a tokenizer.
   *
   * @param target whose adapters it converts
   * @param encoding how tokens carry mean and standard deviation
   */
  public WeightTokenizer(LoraTarget target, ScaleEncoding encoding) {
    this.target = Checks.notNull(target, "target");
    this.encoding = Checks.notNull(encoding, "encoding");
  }

  /**
   * Turns an adapter into weight tokens.
   *
   * @param adapter an adapter with all modules of the target, and no others
   * @return FLOAT {@code [T, h, w]}, NaN where there is no weight; the caller closes it
   * @throws ShapeMismatchException if the adapter does not fit the target
   * @throws DragAndDropException if a weight is NaN or infinite
   */
  public INDArray tokenize(LoraAdapter adapter) {
    checkFits(Checks.notNull(adapter, "adapter"));
    INDArray tokens =
        HostFloats.uninitialized(target.tokenCount(), target.tokenHeight(), target.tokenWidth());
    try {
      encodeAll(adapter, HostFloats.of(tokens));
    } catch (RuntimeException | Error e) {
      tokens.close();
      throw e;
    }
    return tokens;
  }

  private void encodeAll(LoraAdapter adapter, HostFloats host) {
    Grid grid = new Grid();
    int token = 0;
    for (LoraModule module : target.modules()) {
      LoraWeights weights = adapter.weights(module.path());
      for (LoraMatrix matrix : LoraMatrix.bothOf(module, weights)) {
        for (int tile = 0; tile < matrix.columns() / target.tileWidth(); tile++) {
          grid.encode(matrix, tile);
          host.write((long) token++ * grid.cells.length, grid.cells, 0, grid.cells.length);
        }
      }
    }
  }

  /**
   * Turns weight tokens into an adapter.
   *
   * @param tokens FLOAT {@code [T, h, w]} in 'c' order; cells outside a module's tile are ignored
   * @param metadata what the adapter is to carry along
   * @return the adapter; the caller closes it
   * @throws ShapeMismatchException if the tokens do not fit the target
   * @throws InvalidInputException if the tokens are of another type than FLOAT, or are a view whose
   *     cells are not one after the other
   * @throws DragAndDropException if a weight comes out as NaN or infinite
   */
  public LoraAdapter detokenize(INDArray tokens, Map<String, String> metadata) {
    Checks.shape(
        tokens,
        "the weight tokens of " + target.name(),
        target.tokenCount(),
        target.tokenHeight(),
        target.tokenWidth());
    if (!HostFloats.accepts(tokens)) {
      throw new InvalidInputException(
          "the weight tokens of "
              + target.name()
              + " must be FLOAT and contiguous in 'c' order, but are "
              + tokens.dataType()
              + " with the strides "
              + Arrays.toString(tokens.stride())
              + ": pass castTo(DataType.FLOAT).dup('c')");
    }
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    try {
      decodeAll(HostFloats.of(tokens), weights);
      return new LoraAdapter(target.config(), weights, metadata);
    } catch (RuntimeException | Error e) {
      weights.values().forEach(LoraWeights::close);
      throw e;
    }
  }

  private void decodeAll(HostFloats host, Map<String, LoraWeights> weights) {
    Grid grid = new Grid();
    int token = 0;
    for (LoraModule module : target.modules()) {
      LoraMatrix a = LoraMatrix.emptyA(module);
      LoraMatrix b = LoraMatrix.emptyB(module);
      for (LoraMatrix matrix : new LoraMatrix[] {a, b}) {
        for (int tile = 0; tile < matrix.columns() / target.tileWidth(); tile++) {
          host.read((long) token * grid.cells.length, grid.cells, 0, grid.cells.length);
          grid.decode(matrix, tile, token++);
        }
      }
      weights.put(module.path(), new LoraWeights(a.toTensor(), b.toTensor()));
    }
  }

  private void checkFits(LoraAdapter adapter) {
    Map<String, LoraModule> present = new LinkedHashMap<>();
    adapter.modules().forEach(module -> present.put(module.path(), module));
    for (LoraModule module : target.modules()) {
      LoraModule actual = present.remove(module.path());
      if (!module.equals(actual)) {
        throw new ShapeMismatchException(
            "target "
                + target.name()
                + " expects "
                + module
                + ", but the adapter has "
                + (actual == null ? "no such module" : actual));
      }
    }
    if (!present.isEmpty()) {
      throw new ShapeMismatchException(
          "the adapter changes "
              + present.keySet().iterator().next()
              + ", which target "
              + target.name()
              + " does not have: derive a target from the adapter with LoraTarget.of");
    }
  }

  /** One token, filled and read again and again. */
  private final class Grid {

    private final int width = target.tokenWidth();
    private final int tileWidth = target.tileWidth();
    private final float[] cells = new float[target.tokenHeight() * width];

    void encode(LoraMatrix matrix, int tile) {
      int first = tile * tileWidth;
      double mean = mean(matrix, first);
      double deviation = deviation(matrix, first, mean);
      if (!Double.isFinite(deviation)) {
        throw new DragAndDropException(
            matrix.name()
                + ", tile "
                + tile
                + ", holds a weight that is NaN or infinite: the adapter is broken");
      }
      float encodedMean = (float) encoding.encodeMean(mean, deviation);
      double encodedDeviation = encoding.encodeDeviation(mean, deviation);
      // What decoding will multiply with: an encoding may have raised a tiny deviation.
      double unit = Math.max(deviation, encoding.decodeDeviation(encodedDeviation));
      Arrays.fill(cells, Float.NaN);
      for (int row = 0; row < matrix.rank(); row++) {
        for (int column = 0; column < tileWidth; column++) {
          double centred = matrix.get(row, first + column) - mean;
          // A constant tile has s = 0: all that is left of it is its mean.
          cells[row * width + column] = deviation == 0 ? 0 : (float) (centred / unit);
        }
      }
      encodeScale(matrix.rank(), encodedMean, (float) encodedDeviation);
    }

    private void encodeScale(int rank, float mean, float deviation) {
      for (int row = 0; row < rank + SCALE_CELLS; row++) {
        int from = row < rank ? tileWidth : 0;
        for (int column = from; column < width; column++) {
          cells[row * width + column] = column % 2 == 0 ? mean : deviation;
        }
      }
    }

    private double mean(LoraMatrix matrix, int first) {
      double sum = 0;
      for (int row = 0; row < matrix.rank(); row++) {
        for (int column = 0; column < tileWidth; column++) {
          sum += matrix.get(row, first + column);
        }
      }
      return sum / (matrix.rank() * tileWidth);
    }

    private double deviation(LoraMatrix matrix, int first, double mean) {
      double sum = 0;
      for (int row = 0; row < matrix.rank(); row++) {
        for (int column = 0; column < tileWidth; column++) {
          double centred = matrix.get(row, first + column) - mean;
          sum += centred * centred;
        }
      }
      return Math.sqrt(sum / (matrix.rank() * tileWidth - 1));
    }

    /**
     * The scale stands in the token twice over, along rows and along columns, each for two parities
     * p. The two estimates of a parity are averaged while encoded; the parities after decoding.
     */
    void decode(LoraMatrix matrix, int tile, int token) {
      double mean = 0;
      double deviation = 0;
      for (int parity = 0; parity < 2; parity++) {
        double m = (rowMean(matrix.rank() + parity, 0) + columnMean(matrix, parity, 0)) / 2;
        double s = (rowMean(matrix.rank() + parity, 1) + columnMean(matrix, parity, 1)) / 2;
        mean += encoding.decodeMean(m, s) / 2;
        deviation += encoding.decodeDeviation(s) / 2;
      }
      int first = tile * tileWidth;
      for (int row = 0; row < matrix.rank(); row++) {
        for (int column = 0; column < tileWidth; column++) {
          float weight = (float) (cells[row * width + column] * deviation + mean);
          if (!Float.isFinite(weight)) {
            throw new DragAndDropException(
                "weight token "
                    + token
                    + " ("
                    + matrix.name()
                    + ", tile "
                    + tile
                    + ") gives a weight that is NaN or infinite: the decoder's weights or its"
                    + " condition are broken");
          }
          matrix.set(row, first + column, weight);
        }
      }
    }

    /** The mean of a scale row's even cells (M, offset 0) or odd ones (S, offset 1). */
    private double rowMean(int row, int offset) {
      double sum = 0;
      for (int column = offset; column < width; column += 2) {
        sum += cells[row * width + column];
      }
      int cellsPerScale = width / 2;
      return sum / cellsPerScale;
    }

    /** The mean of a scale column (M, offset 0; S, offset 1) over the rows of a parity. */
    private double columnMean(LoraMatrix matrix, int parity, int offset) {
      double sum = 0;
      int rows = 0;
      for (int row = parity; row < matrix.rank() + SCALE_CELLS; row += 2) {
        sum += cells[row * width + tileWidth + offset];
        rows++;
      }
      return sum / rows;
    }
  }
}
