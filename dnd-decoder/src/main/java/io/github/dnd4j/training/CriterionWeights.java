package io.github.dnd4j.training;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.NativeMemoryException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.spi.ProgressListener;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How much each weight token counts in the training loss: tokens that differ between the
 * checkpoints of a data set count more. From the checkpoints' weight tokens, with the population's
 * standard deviation over the checkpoints of each cell:
 *
 * <pre>
 * weight[token] = mean over the token's cells of (deviation / sum of all deviations) * number of cells
 * </pre>
 *
 * Cells of no weight (NaN) are left out everywhere; the weights' mean is 1. Source: the reference
 * implementation of Drag-and-Drop LLMs (arXiv 2506.16406).
 *
 * <pre>{@code
 * CriterionWeights weights =
 *     CriterionWeights.mean(
 *         List.of(
 *             CriterionWeights.of(checkpointsOfSet1, tokenizer, ProgressListener.NONE),
 *             CriterionWeights.load(Path.of("set2.pt"))));
 * weights.save(Path.of("criterion.safetensors"));
 * }</pre>
 *
 * <p>Immutable.
 */
public final class CriterionWeights {

  /** The tensor's name in a file of several, and in the reference implementation's decoders. */
  private static final String TENSOR = "criterion_weight";

  private final float[] values;

  private CriterionWeights(float[] values) {
    this.values = values;
  }

  /**
   * The weights of a data set, from its checkpoints, which are read one after the other.
   *
   * @param checkpoints the data set's adapters, at least two
   * @param tokenizer turns them into weight tokens
   * @param progress hears how many checkpoints are read
   * @return one weight for each token
   * @throws InvalidInputException if there are fewer than two, or all are the same
   */
  public static CriterionWeights of(
      List<Path> checkpoints, WeightTokenizer tokenizer, ProgressListener progress) {
    return of(
        checkpoints,
        tokenizer,
        progress,
        (checkpoint, error) -> {
          throw error;
        });
  }

  /**
   * The weights of a data set some of whose checkpoints may be unusable.
   *
   * @param onBadCheckpoint is told of those, and throws if they are not to be left out
   */
  static CriterionWeights of(
      List<Path> checkpoints,
      WeightTokenizer tokenizer,
      ProgressListener progress,
      BiConsumer<Path, DragAndDropException> onBadCheckpoint) {
    Checks.notNull(tokenizer, "tokenizer");
    Checks.notNull(progress, "progress");
    try (TokenDeviation deviation = new TokenDeviation()) {
      int done = 0;
      for (Path checkpoint : Checks.notNull(checkpoints, "checkpoints")) {
        try (LoraAdapter adapter = LoraAdapter.load(checkpoint);
            INDArray tokens = tokenizer.tokenize(adapter)) {
          deviation.add(tokens);
        } catch (NativeMemoryException e) {
          throw e; // says nothing of the checkpoint
        } catch (DragAndDropException e) {
          onBadCheckpoint.accept(checkpoint, e);
        }
        progress.onProgress(++done, checkpoints.size());
      }
      return new CriterionWeights(deviation.weights());
    }
  }

  /**
   * The mean of several data sets' weights, which training on all of them uses.
   *
   * @param weights the data sets' weights, at least one, for the same number of tokens
   * @return their mean
   */
  public static CriterionWeights mean(List<CriterionWeights> weights) {
    if (Checks.notNull(weights, "weights").isEmpty()) {
      throw new InvalidInputException("the mean of no criterion weights was asked for");
    }
    int tokens = weights.get(0).tokenCount();
    float[] mean = new float[tokens];
    for (CriterionWeights each : weights) {
      if (each.tokenCount() != tokens) {
        throw new ShapeMismatchException(
            "criterion weights of "
                + tokens
                + " and of "
                + each.tokenCount()
                + " tokens have no mean: they belong to different targets");
      }
      for (int t = 0; t < tokens; t++) {
        mean[t] += each.values[t] / weights.size();
      }
    }
    return new CriterionWeights(mean);
  }

  /**
   * Reads weights: a safetensors file that {@link #save} wrote, a vector as the reference
   * implementation publishes it ({@code .pt}), or a decoder's checkpoint with the tensor {@code
   * criterion_weight}.
   *
   * @param file the file
   * @return the weights
   * @throws FileFormatException if the file holds no such weights, or one is not finite
   */
  public static CriterionWeights load(Path file) {
    try (TensorFile tensors = TensorFile.open(Checks.notNull(file, "file"))) {
      boolean named = tensors.tensors().containsKey(TENSOR);
      if (!named && tensors.tensors().size() != 1) {
        throw new FileFormatException(
            file + " holds no tensor " + TENSOR + " and not a single one: is it another file?");
      }
      String name = named ? TENSOR : tensors.tensors().keySet().iterator().next();
      try (INDArray vector = tensors.read(name)) {
        return new CriterionWeights(checked(HostFloats.toArray(vector), file));
      }
    }
  }

  private static float[] checked(float[] values, Path file) {
    for (int t = 0; t < values.length; t++) {
      if (!Float.isFinite(values[t]) || values[t] < 0) {
        throw new FileFormatException(
            file + ": the criterion weight of token " + t + " is " + values[t]);
      }
    }
    return values;
  }

  /**
   * Writes the weights as a safetensors file.
   *
   * @param file where to; it appears whole or not at all
   */
  public void save(Path file) {
    try (INDArray vector = HostFloats.toTensor(values, values.length)) {
      SafetensorsWriter.write(
          Checks.notNull(file, "file"), Map.of(TENSOR, vector), TensorType.F32, Map.of());
    }
  }

  /**
   * How many tokens there are weights for.
   *
   * @return T
   */
  public int tokenCount() {
    return values.length;
  }

  /**
   * The weight of one token.
   *
   * @param token its index, from 0 to below {@link #tokenCount()}
   * @return its weight; 1 on average
   */
  public float of(int token) {
    return values[token];
  }

  /** Identifies the weights. */
  String fingerprint() {
    return Hashes.sha256(List.of(Arrays.toString(values)));
  }

  /**
   * All weights.
   *
   * @return a copy, {@code [T]}
   */
  public float[] toArray() {
    return values.clone();
  }
}
