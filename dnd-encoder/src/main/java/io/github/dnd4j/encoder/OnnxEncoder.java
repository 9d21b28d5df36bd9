package io.github.dnd4j.encoder;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.spi.PromptEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Any ONNX model for feature extraction, run by ONNX Runtime: of a text's tokens it gives the
 * hidden states. So any encoder that Optimum or sentence-transformers exports can make conditions,
 * whatever its architecture.
 *
 * <pre>{@code
 * try (OnnxEncoder encoder = OnnxEncoder.load(Path.of("bge-m3"))) {
 *   INDArray condition = encoder.encode(prompts, 384, ProgressListener.NONE);
 * }
 * }</pre>
 *
 * <p><b>Dependency.</b> It needs {@code com.microsoft.onnxruntime:onnxruntime} on the class path,
 * which this library does not bring along.
 *
 * <p><b>Model.</b> Its inputs must be int64 {@code [batch, tokens]} with both sizes free: {@code
 * input_ids} and {@code attention_mask}; if it asks for them it also gets {@code token_type_ids},
 * all 0, and {@code position_ids}, counted from 0. The output is {@code last_hidden_state}, else
 * {@code token_embeddings}, else the only one that is float {@code [batch, tokens, C]}; {@link
 * Builder#output} names another one.
 *
 * <p><b>Texts.</b> They get their special tokens, lose what does not fit into the text length, and
 * are padded to it. Padding is hidden from attention by a mask of 0, and its states are part of the
 * result. A text length above the model's window must be a multiple of it, and texts are then cut
 * into windows as {@link SentenceEncoder} does. What the window is says {@code
 * max_position_embeddings} in {@code config.json} or {@link Builder#window}; where neither does,
 * there is no limit but the model's own.
 *
 * <p><b>External data.</b> Models of more than 2 GB keep tensors in files of their own. They must
 * lie in the model's folder or below it. A model that names a file elsewhere is refused before ONNX
 * Runtime sees it, whose versions of late do so too and also refuse absolute paths and symbolic
 * links that lead out of the folder.
 *
 * <p><b>Pooled models.</b> Of the embedding models of LangChain4j ({@code EmbeddingModel}) and DJL
 * ({@code TextEmbeddingTranslator}) there is no adapter, as they give one vector per text and no
 * states of its tokens.
 *
 * <p><b>Memory and threads.</b> ONNX Runtime holds the weights, outside of ND4J's memory, until
 * {@link #close()}. Beside its result a call needs memory for about 1500 tokens at a time. An
 * encoder may be used by several threads, whose calls wait for each other, as each uses all cores.
 * An interrupted thread stops between two batches.
 */
public final class OnnxEncoder implements PromptEncoder {

  static final String TYPE = "onnx-encoder";

  private static final String MODEL_FILE = "model.onnx";
  private static final String TOKENIZER_FILE = "tokenizer.json";
  private static final String CONFIG_FILE = "config.json";

  private final ComponentSpec spec;
  private final OptionalInt window;
  private final OnnxSession session;
  private final TextTokenizer tokenizer;
  private boolean closed;

  private OnnxEncoder(
      ComponentSpec spec, OptionalInt window, OnnxSession session, TextTokenizer tokenizer) {
    this.spec = spec;
    this.window = window;
    this.session = session;
    this.tokenizer = tokenizer;
  }

  /**
   * An encoder in a directory as Optimum and sentence-transformers save it: {@code model.onnx} or
   * {@code onnx/model.onnx}, {@code tokenizer.json} and, if it is there, {@code config.json}.
   *
   * @param directory the directory, whose name becomes the model's name
   * @return the encoder; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws io.github.dnd4j.FileFormatException if a file is broken, or the model takes or gives
   *     something else than this class is for
   * @throws DragAndDropException if ONNX Runtime is not on the class path or does not run here
   */
  public static OnnxEncoder load(Path directory) {
    return builder(modelIn(Checks.notNull(directory, "directory"))).build();
  }

  /** Whether a directory holds a model that {@link #load} finds. */
  static boolean isModel(Path directory) {
    return places(directory).anyMatch(Files::isRegularFile);
  }

  private static Stream<Path> places(Path directory) {
    return Stream.of(directory.resolve(MODEL_FILE), directory.resolve("onnx").resolve(MODEL_FILE));
  }

  private static Path modelIn(Path directory) {
    return places(directory)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () ->
                new FileAccessException(
                    directory
                        + " holds no ONNX model: neither model.onnx nor onnx/model.onnx is there."
                        + " A model of another name is opened with OnnxEncoder.builder(file)"));
  }

  /**
   * An encoder of an ONNX file of any name.
   *
   * @param model the file. Its {@code tokenizer.json} and {@code config.json} are looked for beside
   *     it, or a folder above if the model's own folder is called {@code onnx}
   * @return a builder, all of whose settings are optional
   */
  public static Builder builder(Path model) {
    return new Builder(Checks.notNull(model, "model"));
  }

  @Override
  public synchronized int dimension() {
    return open().width();
  }

  /**
   * {@inheritDoc}
   *
   * @throws InvalidInputException if there are no prompts or one of them is null, if the text
   *     length is too small for the special tokens, or if it is larger than the model's window and
   *     no multiple of it
   * @throws io.github.dnd4j.ShapeMismatchException if the model's output has another shape than it
   *     says
   * @throws io.github.dnd4j.NativeMemoryException if there is no memory for the result
   * @throws DragAndDropException if ONNX Runtime fails, if a state is no finite number, if the
   *     thread is interrupted or if the encoder is closed
   */
  @Override
  public synchronized INDArray encode(
      List<String> prompts, int textLength, ProgressListener progress) {
    Checks.notNull(progress, "progress");
    WindowEncoding.checkTexts(prompts, "prompts");
    OnnxSession open = open();
    int length = WindowEncoding.windowLength(textLength, window.orElse(Integer.MAX_VALUE), name());
    return new WindowEncoding(textLength, length, open.width(), this::pass)
        .encode(prompts, tokenizer, progress);
  }

  private WindowEncoding.Pass pass(int windows, int length) {
    INDArray states = HostFloats.uninitialized((long) windows * length, session.width());
    return new WindowEncoding.Pass() {

      @Override
      public INDArray run(List<Window> batch) {
        float[] values = session.run(batch);
        HostFloats.of(states).write(0, values, 0, values.length);
        return states;
      }

      @Override
      public void close() {
        states.close();
      }
    };
  }

  /**
   * {@inheritDoc}
   *
   * @return its model's name, dimension and SHA-256, which is that of the ONNX file or, if there is
   *     external data, of this and those files one after the other, in the order of their names;
   *     and the output, if one was named
   */
  @Override
  public synchronized ComponentSpec spec() {
    open();
    return spec;
  }

  private String name() {
    return spec.require(SentenceEncoder.MODEL);
  }

  private OnnxSession open() {
    return EncoderState.open(closed, name(), session);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      tokenizer.close();
      session.close();
    }
  }

  /** Says how to open an ONNX model. */
  public static final class Builder {

    private final Path model;
    private Path tokenizer;
    private String output;
    private OptionalInt window = OptionalInt.empty();

    private Builder(Path model) {
      this.model = model;
    }

    /**
     * Where the tokenizer is.
     *
     * @param file a {@code tokenizer.json} (default: the one beside the model)
     * @return this
     */
    public Builder tokenizer(Path file) {
      this.tokenizer = Checks.notNull(file, "tokenizer");
      return this;
    }

    /**
     * Which output the hidden states are.
     *
     * @param name of an output that is float {@code [batch, tokens, C]} (default: see {@link
     *     OnnxEncoder})
     * @return this
     */
    public Builder output(String name) {
      this.output = Checks.notBlank(name, "output");
      return this;
    }

    /**
     * How many tokens the model takes at once.
     *
     * @param tokens at least 1 (default: by {@code config.json}, else without limit)
     * @return this
     */
    public Builder window(int tokens) {
      this.window = OptionalInt.of(Checks.positive(tokens, "window"));
      return this;
    }

    /**
     * Opens the model.
     *
     * @return the encoder; the caller closes it
     * @throws FileAccessException if a file is missing or unreadable
     * @throws io.github.dnd4j.FileFormatException if a file is broken, or the model takes or gives
     *     something else than {@link OnnxEncoder} is for
     * @throws DragAndDropException if ONNX Runtime is not on the class path or does not run here
     */
    public OnnxEncoder build() {
      OnnxFile file = new OnnxFile(model);
      OnnxConfig config = config();
      Path tokenizerFile = tokenizer == null ? folder().resolve(TOKENIZER_FILE) : tokenizer;
      byte[] tokenizerJson = read(tokenizerFile);
      OnnxSession session = openSession();
      try {
        return new OnnxEncoder(
            spec(file, session),
            window.isPresent() ? window : config.window(),
            session,
            tokenizer(config, tokenizerJson, tokenizerFile.toString()));
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
    }

    /** The configuration knows best what pads texts; it need not be there, nor need it say so. */
    private static TextTokenizer tokenizer(OnnxConfig config, byte[] json, String where) {
      int vocabSize = config.vocabSize().orElse(Integer.MAX_VALUE);
      return config.padId().isPresent()
          ? new TextTokenizer(json, where, vocabSize, config.padId().getAsInt())
          : new TextTokenizer(json, where, vocabSize);
    }

    /** Where a model's other files are. */
    private Path folder() {
      Path folder = model.toAbsolutePath().normalize().getParent();
      boolean below = folder.endsWith("onnx") && folder.getParent() != null;
      return below && !Files.exists(folder.resolve(TOKENIZER_FILE)) ? folder.getParent() : folder;
    }

    private OnnxConfig config() {
      Path file = folder().resolve(CONFIG_FILE);
      return Files.exists(file)
          ? OnnxConfig.parse(read(file), file.toString())
          : OnnxConfig.UNKNOWN;
    }

    private static byte[] read(Path file) {
      try {
        return Files.readAllBytes(file);
      } catch (IOException e) {
        throw new FileAccessException(
            "cannot read " + file + ". An ONNX encoder needs its tokenizer.json: " + e, e);
      }
    }

    private OnnxSession openSession() {
      try {
        return new OnnxSession(model, output);
      } catch (LinkageError e) {
        throw new DragAndDropException(
            model
                + " needs ONNX Runtime, which is not on the class path or does not run here: "
                + e
                + ". Add the dependency com.microsoft.onnxruntime:onnxruntime, which supports Linux"
                + " on x86-64 or arm64, macOS on arm64 and Windows on x86-64",
            e);
      }
    }

    private ComponentSpec spec(OnnxFile file, OnnxSession session) {
      Map<String, String> properties = new TreeMap<>();
      properties.put(SentenceEncoder.MODEL, name());
      properties.put(SentenceEncoder.DIMENSION, Integer.toString(session.width()));
      properties.put(SentenceEncoder.SHA256, file.sha256());
      if (output != null) {
        properties.put("output", output);
      }
      return new ComponentSpec(TYPE, properties);
    }

    /** Of the directory if the file's name says nothing, else of the file. */
    private String name() {
      String name = model.getFileName().toString();
      return name.equals(MODEL_FILE) && folder().getFileName() != null
          ? folder().getFileName().toString()
          : name;
    }
  }
}
