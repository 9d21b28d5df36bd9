package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The encoder of a T5 (Raffel et al., arXiv 1910.10683) that gives the last hidden state of every
 * token. It is one of the condition extractors that Drag-and-Drop LLMs (Liang et al., arXiv
 * 2506.16406) compares: T5-base, whose states are 768 wide, with 384 tokens.
 *
 * <pre>{@code
 * try (T5Encoder encoder = T5Encoder.load(Path.of("t5-base"));
 *     INDArray condition = encoder.encode(prompts, 384, ProgressListener.NONE)) {
 *   condition.shape(); // [prompts.size(), 384, 768]
 * }
 * }</pre>
 *
 * <p>Texts get their special token, {@code </s>} at the end, lose what does not fit into the text
 * length, and are padded to it. The hidden states of padding positions are computed like all others
 * and returned; padding is only hidden from attention, as a key. Hidden states are those after the
 * final RMSNorm, without dropout. All arithmetic is float32, whatever the weights are stored as.
 *
 * <p><b>Long texts.</b> T5 knows how far tokens are apart, not where they are, and so has no
 * largest window: any text length is encoded in one piece. T5 was trained with 512 tokens, though.
 * Time grows with the square of the text length, memory in proportion to it.
 *
 * <p><b>Saved generators.</b> No T5's weights are on the class path. A generator that was saved
 * with one is loaded with {@code DragAndDrop.load(path, encoder)}.
 *
 * <p><b>Memory and threads.</b> The encoder owns its weights until {@link #close()}. Beside its
 * result a call needs memory for about 1500 tokens at a time, or for one text if that is longer,
 * however many texts there are. An encoder may be used by several threads, whose calls wait for
 * each other, as each uses all cores. The same texts give the same bytes on the same machine. An
 * interrupted thread stops between two batches.
 */
public final class T5Encoder implements PromptEncoder {

  static final String TYPE = "t5-encoder";

  private static final String CONFIG = "config.json";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String PIECES = "spiece.model";

  private final String name;
  private final TextTokenizer tokenizer;
  private final T5Model model;
  private boolean closed;

  private T5Encoder(String name, TextTokenizer tokenizer, T5Model model) {
    this.name = name;
    this.tokenizer = tokenizer;
    this.model = model;
  }

  /**
   * The encoder of a T5 in a directory as transformers saves it: {@code config.json}, {@code
   * model.safetensors} or several such files with {@code model.safetensors.index.json}, and {@code
   * tokenizer.json} or, if that is missing, {@code spiece.model}. Supported are T5 of version 1.0
   * (t5-small, t5-base, ...) and 1.1 (google/t5-v1_1-base, ..., flan-t5) and mT5. A decoder in the
   * same files is not read.
   *
   * @param directory the directory, whose name becomes the model's name
   * @return the encoder; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if a file is broken, a tensor is missing, or the
   *     model is of another kind
   * @throws io.github.dnd4j.ShapeMismatchException if a tensor has another shape than config.json
   *     says
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for the weights
   */
  public static T5Encoder load(Path directory) {
    EncoderDirectory files =
        new EncoderDirectory(
            Checks.notNull(directory, "directory"),
            "config.json, model.safetensors, and tokenizer.json or spiece.model");
    T5Config config = T5Config.parse(files.read(CONFIG), files.file(CONFIG).toString());
    TextTokenizer tokenizer = tokenizer(files, config.vocabSize());
    try (ShardedSafetensors source = ShardedSafetensors.open(directory)) {
      T5Weights weights = T5Weights.read(config, source);
      return new T5Encoder(files.name(), tokenizer, new T5Model(config, weights));
    } catch (RuntimeException | OutOfMemoryError e) {
      tokenizer.close();
      throw e;
    }
  }

  private static TextTokenizer tokenizer(EncoderDirectory files, int vocabSize) {
    boolean pieces = !files.has(TOKENIZER) && files.has(PIECES);
    String name = pieces ? PIECES : TOKENIZER;
    String where = files.file(name).toString();
    byte[] content = files.read(name);
    byte[] json = pieces ? SentencePieceModel.toTokenizerJson(content, where, vocabSize) : content;
    return new TextTokenizer(json, where, vocabSize);
  }

  @Override
  public synchronized int dimension() {
    return open().width();
  }

  /**
   * {@inheritDoc}
   *
   * @throws io.github.dnd4j.InvalidInputException if there are no prompts or one of them is null,
   *     or if the text length is too small for the special tokens
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   * @throws DragAndDropException if the thread is interrupted or the encoder is closed
   */
  @Override
  public synchronized INDArray encode(
      List<String> prompts, int textLength, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    WindowEncoding.checkTexts(prompts, "prompts");
    Checks.positive(textLength, "textLength");
    T5Model open = open();
    return new WindowEncoding(textLength, textLength, open.width(), open::pass)
        .encode(prompts, tokenizer, progress);
  }

  /**
   * {@inheritDoc}
   *
   * @return its model, dimension and a SHA-256 of its weights
   */
  @Override
  public synchronized ComponentSpec spec() {
    T5Model open = open();
    return EncoderState.spec(TYPE, name, open.width(), open.fingerprint(), Map.of());
  }

  private T5Model open() {
    return EncoderState.open(closed, name, model);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      tokenizer.close();
      model.close();
    }
  }
}
