package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A language model of the Qwen or Llama family as an encoder: it gives the hidden state of every
 * token after one of the model's layers, without the norm behind the last. Drag-and-Drop LLMs
 * (Liang et al., arXiv 2506.16406) takes conditions so from Qwen2.5-7B, after its layer of index
 * 14.
 *
 * <pre>{@code
 * try (CausalLmEncoder encoder = CausalLmEncoder.load(Path.of("Qwen2.5-7B"), 14);
 *     INDArray condition = encoder.encode(prompts, 384, ProgressListener.NONE)) {
 *   condition.shape(); // [prompts.size(), 384, 3584]
 * }
 * }</pre>
 *
 * <p>Texts get the special tokens that the model's tokenizer adds (Llama's begin of text; none for
 * Qwen), lose what does not fit into the text length, and are padded to it at the end. A token sees
 * those before it and never padding; a padding position sees all of the text and no padding, and
 * its hidden state is computed and returned like all others. In a text of no tokens at all, all
 * positions count the same to each other, as in Hugging Face's implementation. A text is never cut
 * into windows: the text length must not exceed {@code max_position_embeddings} of the model, nor
 * the width of its sliding window if it uses one.
 *
 * <p><b>Accuracy.</b> All arithmetic is float32. Weights in bfloat16 or float16 are kept as they
 * are and become float32 when they are used, which loses nothing; PyTorch in bfloat16 rounds every
 * step, and so is farther from the exact result.
 *
 * <p><b>Memory and threads.</b> Only the layers up to the chosen one are read, and only the files
 * that hold them need be there. In native memory they take as much as in the file: of Qwen2.5-0.5B
 * about 1 GB for all layers, of Qwen2.5-7B about 8 GB up to layer 14. The encoder owns them until
 * {@link #close()}. Beside its result a call needs memory for about 1500 tokens, or for one text if
 * that is longer. An encoder may be used by several threads, whose calls wait for each other, as
 * each uses all cores. The same texts give the same bytes on the same machine. An interrupted
 * thread stops between two layers.
 */
public final class CausalLmEncoder implements PromptEncoder {

  static final String TYPE = "causal-lm-encoder";
  static final String LAYER = "layer";

  private final String name;
  private final int layer;
  private final TextTokenizer tokenizer;
  private final CausalLmModel model;
  private boolean closed;

  private CausalLmEncoder(String name, int layer, TextTokenizer tokenizer, CausalLmModel model) {
    this.name = name;
    this.layer = layer;
    this.tokenizer = tokenizer;
    this.model = model;
  }

  /**
   * The encoder after the layer in the middle, that of index {@code num_hidden_layers / 2}: 14 for
   * the 28 layers of Qwen2.5-7B, as in the paper. For the rest see {@link #load(Path, int)}.
   *
   * @param directory the model's directory
   * @return the encoder; the caller closes it
   */
  public static CausalLmEncoder load(Path directory) {
    EncoderDirectory files = files(directory);
    CausalLmConfig config = config(files);
    return load(files, config, config.numHiddenLayers() / 2);
  }

  /**
   * A language model in a directory as transformers saves it: {@code config.json}, {@code
   * tokenizer.json} and {@code model.safetensors}, or several files of weights with {@code
   * model.safetensors.index.json}. Supported are the model types qwen2 (Qwen2, Qwen2.5), qwen3,
   * llama and mistral, with rotary positions that are not scaled or scaled in the ways linear and
   * llama3. What texts are padded with is the {@code pad_token} of {@code tokenizer_config.json} if
   * it is there, else what {@code tokenizer.json} or {@code config.json} say, at last the end of
   * text token.
   *
   * @param directory the directory, whose name becomes the model's name
   * @param layer the layer after which hidden states are taken, from 0. The last one's are those
   *     before the final norm
   * @return the encoder; the caller closes it
   * @throws io.github.dnd4j.FileAccessException if a file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if a file is broken, a tensor is missing, or the
   *     model is of another kind
   * @throws io.github.dnd4j.ShapeMismatchException if a tensor has another shape than config.json
   *     says
   * @throws InvalidInputException if the model has no such layer
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for the weights
   */
  public static CausalLmEncoder load(Path directory, int layer) {
    EncoderDirectory files = files(directory);
    return load(files, config(files), layer);
  }

  private static EncoderDirectory files(Path directory) {
    return new EncoderDirectory(
        Checks.notNull(directory, "directory"),
        "config.json, tokenizer.json and model.safetensors, or several files of weights");
  }

  private static CausalLmConfig config(EncoderDirectory files) {
    return CausalLmConfig.parse(files.read("config.json"), files.file("config.json").toString());
  }

  private static CausalLmEncoder load(EncoderDirectory files, CausalLmConfig config, int layer) {
    if (layer < 0 || layer >= config.numHiddenLayers()) {
      throw new InvalidInputException(
          "layer must be from 0 to "
              + (config.numHiddenLayers() - 1)
              + ", the last one of "
              + files.name()
              + ", but is "
              + layer);
    }
    TextTokenizer tokenizer = tokenizer(files, config);
    try (ShardedSafetensors source = ShardedSafetensors.open(files.path())) {
      CausalLmWeights weights =
          NativeMemory.guard(
              "reading " + files.name(), () -> CausalLmWeights.read(config, layer + 1, source));
      return new CausalLmEncoder(
          files.name(), layer, tokenizer, new CausalLmModel(config, weights));
    } catch (RuntimeException | OutOfMemoryError e) {
      tokenizer.close();
      throw e;
    }
  }

  private static TextTokenizer tokenizer(EncoderDirectory files, CausalLmConfig config) {
    byte[] json = files.read("tokenizer.json");
    String where = files.file("tokenizer.json").toString();
    int padding =
        PaddingToken.id(
            files,
            JsonFiles.object(json, where),
            JsonFiles.object(files.read("config.json"), files.file("config.json").toString()));
    return new TextTokenizer(json, where, config.vocabSize(), padding);
  }

  @Override
  public synchronized int dimension() {
    return open().config().hiddenSize();
  }

  /**
   * {@inheritDoc}
   *
   * @throws InvalidInputException if there are no prompts or one of them is null, or if the text
   *     length is too small for the special tokens or larger than the model's window
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   * @throws DragAndDropException if the thread is interrupted or the encoder is closed
   */
  @Override
  public synchronized INDArray encode(
      List<String> prompts, int textLength, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    WindowEncoding.checkTexts(prompts, "prompts");
    CausalLmModel open = open();
    int window = open.config().window();
    if (Checks.positive(textLength, "textLength") > window) {
      throw new InvalidInputException(
          "textLength must be at most "
              + window
              + ", the window of "
              + name
              + ", but is "
              + textLength);
    }
    return new WindowEncoding(textLength, textLength, open.config().hiddenSize(), open::pass)
        .encode(prompts, tokenizer, progress);
  }

  /**
   * {@inheritDoc}
   *
   * @return its model, layer, dimension and a SHA-256 of the weights up to that layer. A thread
   *     computes that from loading on, which takes seconds for a model of gigabytes; this waits
   */
  @Override
  public synchronized ComponentSpec spec() {
    CausalLmModel open = open();
    return EncoderState.spec(
        TYPE,
        name,
        open.config().hiddenSize(),
        open.weights().fingerprint().hex(),
        Map.of(LAYER, Integer.toString(layer)));
  }

  private CausalLmModel open() {
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
