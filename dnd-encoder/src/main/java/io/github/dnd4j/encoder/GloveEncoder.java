package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * GloVe word vectors (Pennington et al., 2014) as a text encoder: the simplest extractor in the
 * ablation of Drag-and-Drop LLMs (Liang et al., arXiv 2506.16406), which takes 300 numbers per word
 * and 200 words per text.
 *
 * <pre>{@code
 * try (GloveEncoder encoder = GloveEncoder.load(Path.of("glove.42B.300d.txt"));
 *     INDArray condition = encoder.encode(prompts, 200, ProgressListener.NONE)) {
 *   condition.shape(); // [prompts.size(), 200, 300]
 * }
 * }</pre>
 *
 * <p><b>Words.</b> As in the reference implementation: only the first line of a text counts, in
 * lower case. {@code , ; : ?} are removed, and so are full stops, but not that of {@code 2.5}.
 * Hyphens become spaces. What stands between two single spaces is a word. A known word is its
 * vector; an unknown one, such as the empty one between two spaces in a row, is a vector of ones.
 * Words beyond the text length are left out, and rows of zeros follow a shorter text. A text of
 * which nothing is left is all zeros; the reference has a row of ones first there.
 *
 * <p><b>Files.</b> The vectors are a text with one word per line and its numbers after it, plain or
 * compressed by gzip, such as the files glove.*.txt that Stanford NLP publishes. Reading gigabytes
 * of decimal numbers takes a while, so it is done once: the vectors are kept beside the text, in a
 * file named like it with {@code .dnd4j-cache} behind, of about half its size. Later it opens at
 * once, and is made anew when the text's size or time of change is another. It may be deleted at
 * any time. If the folder cannot be written to, a temporary file that lives until {@link #close()}
 * takes its place.
 *
 * <p><b>Memory and threads.</b> In memory there are only the words, some 10 MB for 400,000; vectors
 * are read from the file. An encoder may be used by several threads, whose calls wait for each
 * other. The same texts give the same bytes. An interrupted thread stops between two texts.
 */
public final class GloveEncoder implements PromptEncoder {

  static final String TYPE = "glove-encoder";

  private final String name;
  private final GloveVectors vectors;
  private boolean closed;

  private GloveEncoder(String name, GloveVectors vectors) {
    this.name = name;
    this.vectors = vectors;
  }

  /**
   * Opens word vectors. The first line tells how many numbers each word has; a line {@code words
   * numbers} before it, as word2vec writes it, is skipped. Of words that occur twice the last
   * counts.
   *
   * @param vectorsFile a text of word vectors, plain or gzip, whose name becomes the model's name
   * @return the encoder; the caller closes it
   * @throws io.github.dnd4j.FileAccessException if the file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if a line has another number of numbers than the
   *     first or a number is not finite; the message names the line
   * @throws DragAndDropException if the thread is interrupted
   */
  public static GloveEncoder load(Path vectorsFile) {
    Path absolute = Checks.notNull(vectorsFile, "vectorsFile").toAbsolutePath().normalize();
    return new GloveEncoder(String.valueOf(absolute.getFileName()), GloveVectors.of(absolute));
  }

  @Override
  public synchronized int dimension() {
    return open().dimension();
  }

  /**
   * {@inheritDoc}
   *
   * @throws io.github.dnd4j.InvalidInputException if there are no prompts or one of them is null,
   *     or if the text length is not positive
   * @throws io.github.dnd4j.FileAccessException if the vectors cannot be read any more
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   * @throws DragAndDropException if the thread is interrupted or the encoder is closed
   */
  @Override
  public synchronized INDArray encode(
      List<String> prompts, int textLength, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    WindowEncoding.checkTexts(prompts, "prompts");
    Checks.positive(textLength, "textLength");
    int width = open().dimension();
    String what = "the condition of " + prompts.size() + " texts of " + textLength + " words";
    NativeMemory.require((long) Float.BYTES * prompts.size() * textLength * width, what);
    return NativeMemory.guard(what, () -> encode(prompts, textLength, width, progress));
  }

  private INDArray encode(
      List<String> prompts, int textLength, int width, ProgressListener progress) {
    INDArray result = HostFloats.uninitialized(prompts.size(), textLength, width);
    try {
      HostFloats rows = HostFloats.of(result);
      float[] row = new float[width];
      for (int i = 0; i < prompts.size(); i++) {
        WindowEncoding.checkInterrupt();
        List<String> words = GloveText.words(prompts.get(i));
        for (int position = 0; position < textLength; position++) {
          fill(row, words, position);
          rows.write(((long) i * textLength + position) * width, row, 0, width);
        }
        progress.onProgress(i + 1L, prompts.size());
      }
      return result;
    } catch (RuntimeException | OutOfMemoryError e) {
      result.close();
      throw e;
    }
  }

  private void fill(float[] row, List<String> words, int position) {
    if (position >= words.size()) {
      Arrays.fill(row, 0);
    } else if (!vectors.read(words.get(position), row, 0)) {
      Arrays.fill(row, 1);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @return its model, which is the file's name, its dimension and a SHA-256 of its vectors and
   *     words, which is the same for a plain and a compressed file
   */
  @Override
  public synchronized ComponentSpec spec() {
    GloveVectors open = open();
    return EncoderState.spec(TYPE, name, open.dimension(), open.sha256(), Map.of());
  }

  private GloveVectors open() {
    return EncoderState.open(closed, name, vectors);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      vectors.close();
    }
  }
}
