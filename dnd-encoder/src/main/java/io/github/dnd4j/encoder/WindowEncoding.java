package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.spi.ProgressListener;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What all encoders do alike with texts: cut them into windows, run the model over each distinct
 * window once, batch by batch, and put its states where they belong. Memory is needed for the
 * result and for one batch, however many texts there are.
 *
 * @param textLength L, the tokens of a text; a multiple of the window's length
 * @param windowLength tokens that the model takes at once
 * @param width C, of a token's hidden state
 * @param leastWindows how many windows a batch has at least, if there are so many
 * @param model opens passes over the model's layers
 */
record WindowEncoding(int textLength, int windowLength, int width, int leastWindows, Model model) {

  /** Enough for full speed of the matrix products, little enough to stay near the cores' caches. */
  static final int BATCH_TOKENS = 1536;

  /** For models whose batches may be of a single window. */
  WindowEncoding(int textLength, int windowLength, int width, Model model) {
    this(textLength, windowLength, width, 1, model);
  }

  /** A model's forward pass. */
  @FunctionalInterface
  interface Model {

    /**
     * Allocates what a batch needs.
     *
     * @param windows windows per batch
     * @param length tokens per window
     */
    Pass open(int windows, int length);
  }

  /** Encodes one batch of windows after the other, all of the same size, in memory of its own. */
  interface Pass extends AutoCloseable {

    /**
     * Encodes a batch.
     *
     * @param batch exactly as many windows as there is room for
     * @return the last hidden states, {@code [windows * length, C]}, padding included; they belong
     *     to this pass, which overwrites them with the next batch
     */
    INDArray run(List<Window> batch);

    @Override
    void close();
  }

  /**
   * Encodes texts.
   *
   * @param texts the texts, checked
   * @param tokenizer cuts them
   * @param progress hears how many texts are done
   * @return FLOAT {@code [texts, L, C]}; the caller owns it
   */
  INDArray encode(List<String> texts, TextTokenizer tokenizer, ProgressListener progress) {
    Windows windows = new Windows(windowLength);
    tokenizer.encodeAll(texts, textLength).forEach(windows::add);
    String what = texts.size() + " texts of " + textLength + " tokens";
    return NativeMemory.guard(
        "encoding " + what,
        () -> {
          NativeMemory.require(
              (long) Float.BYTES * texts.size() * textLength * width, "the condition of " + what);
          return encode(windows, texts.size(), progress);
        });
  }

  private INDArray encode(Windows windows, int texts, ProgressListener progress) {
    INDArray result = HostFloats.uninitialized(texts, textLength, width);
    try {
      fill(result, windows, progress);
      return result;
    } catch (RuntimeException | OutOfMemoryError e) {
      result.close();
      throw e;
    }
  }

  private void fill(INDArray result, Windows windows, ProgressListener progress) {
    int distinct = windows.distinct().size();
    int perBatch = Math.min(distinct, Math.max(leastWindows, BATCH_TOKENS / windowLength));
    int rest = distinct % perBatch;
    run(result, windows, 0, distinct - rest, perBatch, progress);
    if (rest > 0) {
      run(result, windows, distinct - rest, distinct, rest, progress);
    }
  }

  /** Runs the model over some windows, in batches of the same size. */
  private void run(
      INDArray result,
      Windows windows,
      int first,
      int end,
      int perBatch,
      ProgressListener progress) {
    try (Pass pass = model.open(perBatch, windowLength)) {
      for (int from = first; from < end; from += perBatch) {
        checkInterrupt();
        int to = from + perBatch;
        windows.place(pass.run(windows.distinct().subList(from, to)), from, to, result);
        progress.onProgress(windows.textsWithin(to), result.size(0));
      }
    }
  }

  /**
   * How long windows are.
   *
   * @param textLength tokens of a text
   * @param largest the most tokens that a model takes at once
   * @param model its name, for messages
   */
  static int windowLength(int textLength, int largest, String model) {
    Checks.positive(textLength, "textLength");
    if (textLength > largest && textLength % largest != 0) {
      throw new InvalidInputException(
          "textLength must be at most "
              + largest
              + " or a multiple of it, the window of "
              + model
              + ", but is "
              + textLength);
    }
    return Math.min(textLength, largest);
  }

  /** Between two batches an interrupted thread stops. */
  static void checkInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException("encoding was interrupted");
    }
  }

  /** At least one text, and none that is null. */
  static void checkTexts(List<String> texts, String argument) {
    if (Checks.notNull(texts, argument).isEmpty()) {
      throw new InvalidInputException(argument + " must not be empty");
    }
    for (int i = 0; i < texts.size(); i++) {
      Checks.notNull(texts.get(i), argument + "[" + i + "]");
    }
  }
}
