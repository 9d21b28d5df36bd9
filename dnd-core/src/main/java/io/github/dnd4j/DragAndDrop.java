package io.github.dnd4j;

import io.github.dnd4j.GenerationListener.Stage;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.internal.Hashes;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.internal.LibraryVersion;
import io.github.dnd4j.internal.NativeMemory;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraGeometry;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.spi.ComponentSpec;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.GeneratorFormat;
import io.github.dnd4j.spi.GeneratorManifest;
import io.github.dnd4j.spi.Parts;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.TokenShape;
import io.github.dnd4j.spi.WeightDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A generator: turns a handful of unlabelled task prompts into the LoRA adapter of a target model,
 * in one forward pass.
 *
 * <pre>{@code
 * try (DragAndDrop generator =
 *     DragAndDrop.builder()
 *         .encoder(SentenceEncoder.allMiniLmL6V2())
 *         .decoder(HyperConvDecoder.load(file, HyperConvPreset.QWEN25_0_5B))
 *         .target(LoraTargets.QWEN25_0_5B)
 *         .build()) {
 *   LoraAdapter adapter = generator.generate(prompts);
 *   adapter.save(Path.of("my-adapter"));
 * }
 * }</pre>
 *
 * <p>A generator owns its encoder and decoder and closes them with itself.
 *
 * <p><b>Threads.</b> A generator may be used by several threads, and gives each what it would give
 * a single one. It has no lock of its own: the encoder and the decoder decide what waits. Those of
 * this library take one call at a time each, as a call uses all cores; so one thread's prompts are
 * encoded while another's are decoded, and everything else waits for its turn. Many tasks at hand
 * are faster through {@link #generateAll}, which shares the work of the decoder. Close a generator
 * when no thread uses it any more.
 */
public final class DragAndDrop implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DragAndDrop.class);

  /** The file in a generator directory that describes it. */
  private static final String MANIFEST_FILE = "generator.json";

  /** The file in a generator directory that holds the decoder's weights. */
  private static final String DECODER_FILE = "decoder.safetensors";

  /** Conditions that go through the decoder together. */
  private static final int TOGETHER = 4;

  private final PromptEncoder encoder;
  private final WeightDecoder decoder;
  private final LoraTarget target;
  private final ScaleEncoding scaleEncoding;
  private final GenerationListener listener;
  private final String id;
  private final String created;
  private final Map<String, String> provenance;
  private final Optional<TrainingPrompts> trainingPrompts;
  private volatile boolean closed;

  private DragAndDrop(Builder builder) {
    this.encoder = builder.encoder;
    this.decoder = builder.decoder;
    this.target = builder.target;
    this.scaleEncoding = builder.scaleEncoding;
    this.listener = builder.listener;
    this.id = builder.id == null ? target.name() : builder.id;
    this.created = builder.created;
    this.provenance = Map.copyOf(builder.provenance);
    this.trainingPrompts = Optional.ofNullable(builder.trainingPrompts);
  }

  /**
   * Starts putting a generator together.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Opens a generator directory whose encoder is one that DnD4J can open by its name.
   *
   * @param directory holds {@code generator.json} and {@code decoder.safetensors}
   * @return the generator; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file's content is broken, or the two do not belong together
   */
  public static DragAndDrop load(Path directory) {
    return load(directory, LoadOptions.defaults());
  }

  /**
   * Opens a generator directory whose encoder is one that DnD4J can open by its name.
   *
   * @param directory holds {@code generator.json} and {@code decoder.safetensors}
   * @param listener hears how generations go
   * @return the generator; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file's content is broken, or the two do not belong together
   */
  public static DragAndDrop load(Path directory, GenerationListener listener) {
    return load(directory, LoadOptions.defaults().withListener(listener));
  }

  /**
   * Opens a generator directory whose encoder is one that DnD4J can open by its name.
   *
   * <pre>{@code
   * DragAndDrop.load(directory, LoadOptions.defaults().withCompact(true)) // half of the memory
   * }</pre>
   *
   * @param directory holds {@code generator.json} and {@code decoder.safetensors}
   * @param options how the decoder's weights are kept, and who hears how generations go
   * @return the generator; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file's content is broken, or the two do not belong together
   * @throws InvalidInputException if it is to be compact, but its weights have more than 16 bits
   */
  public static DragAndDrop load(Path directory, LoadOptions options) {
    Checks.notNull(options, "options");
    GeneratorManifest manifest = readManifest(directory);
    return open(directory, manifest, Parts.openEncoder(manifest.encoder()), options);
  }

  /**
   * Opens a generator directory with an encoder of the caller's, which must be the one that it was
   * made with.
   *
   * @param directory holds {@code generator.json} and {@code decoder.safetensors}
   * @param encoder the encoder; the generator owns it from now on, and it is closed at once if the
   *     generator cannot be opened
   * @return the generator; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file's content is broken, or the two do not belong together
   * @throws InvalidInputException if it is not the generator's encoder
   */
  public static DragAndDrop load(Path directory, PromptEncoder encoder) {
    return load(directory, encoder, LoadOptions.defaults());
  }

  /**
   * Opens a generator directory with an encoder of the caller's, which must be the one that it was
   * made with.
   *
   * @param directory holds {@code generator.json} and {@code decoder.safetensors}
   * @param encoder the encoder; the generator owns it from now on, and it is closed at once if the
   *     generator cannot be opened
   * @param listener hears how generations go
   * @return the generator; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file's content is broken, or the two do not belong together
   * @throws InvalidInputException if it is not the generator's encoder
   */
  public static DragAndDrop load(
      Path directory, PromptEncoder encoder, GenerationListener listener) {
    LoadOptions options;
    try {
      options = LoadOptions.defaults().withListener(listener);
    } catch (RuntimeException e) {
      closeAfter(e, encoder);
      throw e;
    }
    return load(directory, encoder, options);
  }

  /**
   * Opens a generator directory with an encoder of the caller's, which must be the one that it was
   * made with.
   *
   * @param directory holds {@code generator.json} and {@code decoder.safetensors}
   * @param encoder the encoder; the generator owns it from now on, and it is closed at once if the
   *     generator cannot be opened
   * @param options how the decoder's weights are kept, and who hears how generations go
   * @return the generator; the caller closes it
   * @throws FileAccessException if a file is missing or unreadable
   * @throws FileFormatException if a file's content is broken, or the two do not belong together
   * @throws InvalidInputException if it is not the generator's encoder, or if it is to be compact,
   *     but its weights have more than 16 bits
   */
  public static DragAndDrop load(Path directory, PromptEncoder encoder, LoadOptions options) {
    GeneratorManifest manifest;
    try {
      Checks.notNull(options, "options");
      ComponentSpec actual = Checks.notNull(encoder, "encoder").spec();
      manifest = readManifest(directory);
      if (!actual.equals(manifest.encoder())) {
        throw new InvalidInputException(
            directory
                + " was made with the encoder "
                + manifest.encoder()
                + ", not "
                + actual
                + ": pass that one");
      }
    } catch (RuntimeException | Error e) {
      closeAfter(e, encoder);
      throw e;
    }
    return open(directory, manifest, encoder, options);
  }

  private static GeneratorManifest readManifest(Path directory) {
    Checks.notNull(directory, "directory");
    if (!Files.isDirectory(directory)) {
      throw new FileAccessException(
          directory + " is no generator directory: it does not exist or is no directory");
    }
    return GeneratorFormat.get().read(directory.resolve(MANIFEST_FILE));
  }

  private static DragAndDrop open(
      Path directory, GeneratorManifest manifest, PromptEncoder encoder, LoadOptions options) {
    WeightDecoder decoder = null;
    try {
      Path weights = directory.resolve(DECODER_FILE);
      decoder =
          options.compact()
              ? Parts.openCompactDecoder(manifest.decoder(), weights)
              : Parts.openDecoder(manifest.decoder(), weights);
      checkFingerprint(weights, decoder.fingerprint(), manifest.decoderFingerprint());
    } catch (RuntimeException | Error e) {
      closeAfter(e, encoder, decoder);
      throw e;
    }
    Builder builder =
        builder()
            .encoder(encoder)
            .decoder(decoder)
            .target(manifest.target())
            .scaleEncoding(manifest.scaleEncoding())
            .listener(options.listener())
            .id(manifest.id())
            .provenance(manifest.provenance());
    builder.created = manifest.created();
    manifest.trainingPrompts().ifPresent(builder::trainingPrompts);
    return builder.build();
  }

  private static void checkFingerprint(Path weights, String actual, String expected) {
    if (!actual.equals(expected)) {
      throw new FileFormatException(
          weights
              + " is not the file that "
              + MANIFEST_FILE
              + " describes: its weights have the SHA-256 "
              + actual
              + ", expected "
              + expected
              + ". Copy both files of the generator again");
    }
  }

  /**
   * Generates an adapter from prompts, with seed 0.
   *
   * @param prompts unlabelled prompts of one task. Fewer than the decoder takes are repeated in
   *     turn; of more, a random sample is drawn
   * @return the adapter; the caller closes it
   * @throws InvalidInputException if there are none, or one is blank
   */
  public LoraAdapter generate(List<String> prompts) {
    return generate(prompts, GenerationOptions.defaults());
  }

  /**
   * Generates an adapter from prompts. The same prompts, options and generator give the same
   * adapter.
   *
   * <p>If this generator remembers the prompts that it was trained on, the adapter says how unlike
   * them the given ones are ({@link PromptNovelty#of}), the listener hears of it, and a warning is
   * logged if they are novel.
   *
   * @param prompts unlabelled prompts of one task. Fewer than the decoder takes are repeated in
   *     turn; of more, a random sample is drawn
   * @param options the seed of that drawing, and whether the adapter is scaled
   * @return the adapter; the caller closes it
   * @throws InvalidInputException if there are none, or one is blank, or the adapter is to be
   *     scaled by a novelty that this generator cannot tell
   * @throws NativeMemoryException if native memory does not suffice
   * @throws DragAndDropException if the decoder gives weights that are not finite, if the thread is
   *     interrupted, or if this generator is closed
   */
  public LoraAdapter generate(List<String> prompts, GenerationOptions options) {
    checkOpen();
    PromptSampler.check(prompts);
    checkScaling(Checks.notNull(options, "options"));
    return NativeMemory.guard("generating an adapter", () -> generateChecked(prompts, options));
  }

  /**
   * Generates an adapter for each of any number of tasks. Some of them go through the decoder
   * together, which is faster than one by one, as they share what is done with its weights; memory
   * is bounded, however many there are. They are what {@link #generate(List, GenerationOptions)}
   * gives, up to rounding.
   *
   * <pre>{@code
   * Iterator<Path> folders = ...;
   * generator.generateAll(promptSets, GenerationOptions.defaults(), adapter -> {
   *   try (adapter) {
   *     adapter.save(folders.next());
   *   }
   * });
   * }</pre>
   *
   * @param promptSets the prompts of each task; read as far as they are needed
   * @param options for all of them
   * @param consumer is given the adapters in the order of the tasks, and closes them
   * @throws InvalidInputException if there are no prompts for a task, or one is blank; the adapters
   *     of the tasks before may have been handed out by then. Also if they are to be scaled by a
   *     novelty that this generator cannot tell
   * @throws NativeMemoryException if native memory does not suffice
   * @throws DragAndDropException as for a single one
   */
  public void generateAll(
      Iterable<List<String>> promptSets,
      GenerationOptions options,
      Consumer<LoraAdapter> consumer) {
    checkOpen();
    Checks.notNull(promptSets, "promptSets");
    Checks.notNull(consumer, "consumer");
    checkScaling(Checks.notNull(options, "options"));
    List<List<String>> group = new ArrayList<>();
    int count = 0;
    for (List<String> prompts : promptSets) {
      checkSet(prompts, count++);
      group.add(List.copyOf(prompts));
      if (group.size() == TOGETHER) {
        generateTogether(group, options, consumer);
        group.clear();
      }
    }
    if (!group.isEmpty()) {
      generateTogether(group, options, consumer);
    }
  }

  private static void checkSet(List<String> prompts, int index) {
    try {
      PromptSampler.check(prompts);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("prompt set " + (index + 1) + ": " + e.getMessage());
    }
  }

  private void generateTogether(
      List<List<String>> sets, GenerationOptions options, Consumer<LoraAdapter> consumer) {
    List<Optional<PromptNovelty>> novelties = new ArrayList<>();
    INDArray all =
        NativeMemory.guard(
            "generating adapters",
            () -> {
              try (INDArray conditions = encodeAll(sets, options, novelties)) {
                return decode(conditions);
              }
            });
    try (all) {
      for (int i = 0; i < sets.size(); i++) {
        INDArray tokens = all.get(NDArrayIndex.interval(i, i + 1));
        List<String> prompts = sets.get(i);
        Optional<PromptNovelty> novelty = novelties.get(i);
        consumer.accept(
            timed(Stage.DETOKENIZE, () -> finish(detokenize(tokens), prompts, options, novelty)));
      }
    }
  }

  private INDArray encodeAll(
      List<List<String>> sets, GenerationOptions options, List<Optional<PromptNovelty>> novelties) {
    ConditionShape shape = decoder.conditionShape();
    INDArray conditions =
        HostFloats.uninitialized(
            sets.size(), shape.prompts(), shape.textLength(), shape.dimension());
    try {
      for (int i = 0; i < sets.size(); i++) {
        List<String> drawn = PromptSampler.draw(sets.get(i), shape.prompts(), options.seed());
        try (INDArray condition = encode(drawn, shape)) {
          Optional<PromptNovelty> novelty = novelty(condition, shape);
          novelty.ifPresent(this::tell);
          novelties.add(novelty);
          conditions.get(NDArrayIndex.interval(i, i + 1)).assign(batchOf(condition, shape));
        }
      }
      return conditions;
    } catch (RuntimeException | Error e) {
      closeAfter(e, conditions);
      throw e;
    }
  }

  private void checkScaling(GenerationOptions options) {
    if (options.scaledByNovelty() && trainingPrompts.isEmpty()) {
      throw new InvalidInputException(
          "generator "
              + id
              + " remembers no training prompts, so it cannot scale an adapter by their novelty:"
              + " leave scaledByNovelty off, or train the generator with this version, on two data"
              + " sets or more");
    }
  }

  private LoraAdapter generateChecked(List<String> prompts, GenerationOptions options) {
    ConditionShape shape = decoder.conditionShape();
    List<String> drawn = PromptSampler.draw(prompts, shape.prompts(), options.seed());
    try (INDArray condition = encode(drawn, shape)) {
      Optional<PromptNovelty> novelty = novelty(condition, shape);
      novelty.ifPresent(this::tell);
      try (INDArray tokens = decode(batchOf(condition, shape))) {
        return timed(Stage.DETOKENIZE, () -> finish(detokenize(tokens), prompts, options, novelty));
      }
    }
  }

  private Optional<PromptNovelty> novelty(INDArray condition, ConditionShape shape) {
    checkCondition(condition, shape);
    return trainingPrompts.map(remembered -> remembered.novelty(condition));
  }

  private void tell(PromptNovelty novelty) {
    if (novelty.isNovel()) {
      log.warn(
          "these prompts are unlike all that generator {} was trained on: their novelty is {}"
              + " (above {}), the nearest training set is {}. The adapter may be worse than none:"
              + " compare it with the model as it is, or generate it with scaledByNovelty, which"
              + " leaves {} of its change",
          id,
          novelty.score(),
          novelty.threshold(),
          novelty.nearest(),
          String.format(Locale.ROOT, "%.2f", novelty.strength()));
    }
    listener.onNovelty(novelty);
  }

  private LoraAdapter detokenize(INDArray tokens) {
    TokenShape grid = decoder.tokenShape();
    Checks.shape(tokens, "what the decoder gives", 1, grid.tokens(), grid.height(), grid.width());
    return new WeightTokenizer(target, scaleEncoding)
        .detokenize(tokens.reshape('c', grid.tokens(), grid.height(), grid.width()), Map.of());
  }

  /** The adapter as it is handed out: scaled if that was asked for, with its provenance. */
  private LoraAdapter finish(
      LoraAdapter adapter,
      List<String> prompts,
      GenerationOptions options,
      Optional<PromptNovelty> novelty) {
    try {
      Optional<Double> strength =
          novelty.filter(unused -> options.scaledByNovelty()).map(n -> scale(adapter, n));
      return withMetadata(adapter, provenance(prompts, options, novelty, strength));
    } catch (RuntimeException | Error e) {
      closeAfter(e, adapter);
      throw e;
    }
  }

  /** The product B A is what changes the model, so scaling B scales the change. */
  private double scale(LoraAdapter adapter, PromptNovelty novelty) {
    double strength = trainingPrompts.orElseThrow().strength(novelty, LoraGeometry.norm(adapter));
    if (strength != 1) {
      adapter.modules().forEach(module -> adapter.weights(module.path()).b().muli(strength));
    }
    return strength;
  }

  /** The matrices get another owner. */
  private static LoraAdapter withMetadata(LoraAdapter adapter, Provenance provenance) {
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    adapter.modules().forEach(m -> weights.put(m.path(), adapter.weights(m.path())));
    return new LoraAdapter(adapter.config(), weights, provenance.toMetadata());
  }

  /**
   * How unlike prompts are to those that this generator was trained on, with seed 0.
   *
   * @param prompts as for {@link #generate(List)}
   * @return the novelty; empty if this generator does not remember its training prompts
   * @throws InvalidInputException if there are none, or one is blank
   */
  public Optional<PromptNovelty> novelty(List<String> prompts) {
    return novelty(prompts, GenerationOptions.defaults());
  }

  /**
   * How unlike prompts are to those that this generator was trained on, without generating an
   * adapter: what {@link #generate(List, GenerationOptions)} puts into the adapter's metadata. No
   * warning is logged.
   *
   * @param prompts as for {@link #generate(List, GenerationOptions)}
   * @param options the seed that decides which prompts are drawn
   * @return the novelty; empty if this generator does not remember its training prompts
   * @throws InvalidInputException if there are none, or one is blank
   * @throws NativeMemoryException if native memory does not suffice
   * @throws DragAndDropException if the thread is interrupted, or if this generator is closed
   */
  public Optional<PromptNovelty> novelty(List<String> prompts, GenerationOptions options) {
    checkOpen();
    PromptSampler.check(prompts);
    Checks.notNull(options, "options");
    if (trainingPrompts.isEmpty()) {
      return Optional.empty();
    }
    ConditionShape shape = decoder.conditionShape();
    List<String> drawn = PromptSampler.draw(prompts, shape.prompts(), options.seed());
    return NativeMemory.guard(
        "encoding prompts",
        () -> {
          try (INDArray condition = encode(drawn, shape)) {
            return novelty(condition, shape);
          }
        });
  }

  private INDArray encode(List<String> prompts, ConditionShape shape) {
    return timed(
        Stage.ENCODE,
        () ->
            encoder.encode(
                prompts,
                shape.textLength(),
                (done, total) -> listener.onProgress(Stage.ENCODE, done, total)));
  }

  private static void checkCondition(INDArray condition, ConditionShape shape) {
    Checks.shape(
        condition,
        "what the encoder gives",
        shape.prompts(),
        shape.textLength(),
        shape.dimension());
  }

  private static INDArray batchOf(INDArray condition, ConditionShape shape) {
    return condition.reshape('c', 1, shape.prompts(), shape.textLength(), shape.dimension());
  }

  private INDArray decode(INDArray batch) {
    return timed(
        Stage.DECODE,
        () ->
            decoder.decode(batch, (done, total) -> listener.onProgress(Stage.DECODE, done, total)));
  }

  private <T extends AutoCloseable> T timed(Stage stage, Supplier<T> work) {
    if (Thread.currentThread().isInterrupted()) {
      throw new DragAndDropException("the thread was interrupted before the stage " + stage);
    }
    long start = System.nanoTime();
    T result = work.get();
    Duration duration = Duration.ofNanos(System.nanoTime() - start);
    log.debug("{} took {}", stage, duration);
    try {
      listener.onStageFinished(stage, duration);
    } catch (RuntimeException | Error e) {
      closeAfter(e, result);
      throw e;
    }
    return result;
  }

  /** Frees what an error leaves without an owner, all of it, and lets that error stand. */
  private static void closeAfter(Throwable error, AutoCloseable... owned) {
    for (AutoCloseable each : owned) {
      try {
        if (each != null) {
          each.close();
        }
      } catch (Exception e) {
        error.addSuppressed(e);
      }
    }
  }

  private Provenance provenance(
      List<String> prompts,
      GenerationOptions options,
      Optional<PromptNovelty> novelty,
      Optional<Double> strength) {
    return new Provenance(
        LibraryVersion.VERSION,
        id,
        fingerprint(),
        created,
        options.seed(),
        prompts.size(),
        Hashes.sha256(prompts),
        novelty,
        strength);
  }

  /**
   * Identifies this generator by everything that its results depend on: the weights of encoder and
   * decoder, the target with the configuration of its adapters, and the scale encoding. The
   * training prompts that it remembers are not part of that: they change no weights but by {@link
   * GenerationOptions#scaledByNovelty()}, and then the adapter says by how much.
   *
   * @return a SHA-256 in hexadecimal digits
   */
  public String fingerprint() {
    checkOpen();
    return Hashes.sha256(
        List.of(
            encoder.spec().toString(),
            decoder.spec().toString(),
            decoder.fingerprint(),
            target.config().toString(),
            target.modules().toString(),
            Integer.toString(target.tileWidth()),
            scaleEncoding.toString()));
  }

  /**
   * Writes this generator as a directory that {@link #load(Path)} opens: {@code generator.json} and
   * {@code decoder.safetensors}. The encoder is named in it, not copied. Weights are written as the
   * decoder has them, in float32, or in 16 bits if it keeps no more: what is written is this very
   * generator, with its fingerprint.
   *
   * @param directory where to; if it does not exist it appears whole or not at all
   * @throws FileAccessException if it cannot be written
   */
  public void save(Path directory) {
    checkOpen();
    write(
        directory,
        weights -> {
          decoder.save(weights);
          return decoder.fingerprint();
        });
  }

  /**
   * Writes this generator as {@link #save(Path)} does, with the decoder's weights in a chosen
   * precision. With less than float32 what is written is a generator of its own, with slightly
   * other weights and so another fingerprint.
   *
   * @param directory where to; if it does not exist it appears whole or not at all
   * @param precision how the decoder's weights are stored
   * @throws FileAccessException if it cannot be written
   */
  public void save(Path directory, WeightPrecision precision) {
    checkOpen();
    Checks.notNull(precision, "precision");
    write(
        directory,
        weights -> {
          decoder.save(weights, precision);
          return fingerprintOf(weights, precision);
        });
  }

  /** The decoder's file is written by a function that gives the fingerprint of what it wrote. */
  private void write(Path directory, Function<Path, String> decoderWriter) {
    AtomicFiles.writeDirectory(
        Checks.notNull(directory, "directory"),
        temporary -> {
          String written = decoderWriter.apply(temporary.resolve(DECODER_FILE));
          GeneratorFormat.get().write(manifest(written), temporary.resolve(MANIFEST_FILE));
        });
  }

  /** Rounded weights are other weights: then the file is asked for its own fingerprint. */
  private String fingerprintOf(Path weights, WeightPrecision precision) {
    if (precision == WeightPrecision.F32) {
      return decoder.fingerprint();
    }
    try (WeightDecoder written = Parts.openDecoder(decoder.spec(), weights)) {
      return written.fingerprint();
    }
  }

  private GeneratorManifest manifest(String decoderFingerprint) {
    return new GeneratorManifest(
        id,
        LibraryVersion.VERSION,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        encoder.spec(),
        decoder.spec(),
        decoderFingerprint,
        target,
        scaleEncoding,
        provenance,
        trainingPrompts);
  }

  /**
   * The model that this generator's adapters are for.
   *
   * @return the target
   */
  public LoraTarget target() {
    return target;
  }

  /**
   * What this generator remembers of the prompts that it was trained on.
   *
   * @return the memory; empty if there is none, so that it cannot tell novel prompts
   */
  public Optional<TrainingPrompts> trainingPrompts() {
    return trainingPrompts;
  }

  /**
   * What one condition looks like: how many prompts of how many tokens the decoder takes.
   *
   * @return the shape
   */
  public ConditionShape conditionShape() {
    checkOpen();
    return decoder.conditionShape();
  }

  private void checkOpen() {
    if (closed) {
      throw new DragAndDropException("this generator is closed: open or build it again");
    }
  }

  /** Closes the encoder and the decoder. A second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (encoder) {
      decoder.close();
    }
  }

  /**
   * Puts a generator together. Encoder, decoder and target are required; the scale encoding is the
   * reference implementation's unless set.
   */
  public static final class Builder {

    private PromptEncoder encoder;
    private WeightDecoder decoder;
    private LoraTarget target;
    private ScaleEncoding scaleEncoding = ScaleEncoding.reference();
    private GenerationListener listener = GenerationListener.NONE;
    private String id;
    private String created = "";
    private final Map<String, String> provenance = new TreeMap<>();
    private TrainingPrompts trainingPrompts;

    private Builder() {}

    /**
     * The encoder that makes conditions of prompts. Required.
     *
     * @param value the encoder; {@link #build()} takes ownership of it
     * @return this builder
     */
    public Builder encoder(PromptEncoder value) {
      this.encoder = value;
      return this;
    }

    /**
     * The decoder that makes weight tokens of conditions. Required.
     *
     * @param value the decoder; {@link #build()} takes ownership of it
     * @return this builder
     */
    public Builder decoder(WeightDecoder value) {
      this.decoder = value;
      return this;
    }

    /**
     * The model that adapters are generated for. Required.
     *
     * @param value the target
     * @return this builder
     */
    public Builder target(LoraTarget value) {
      this.target = value;
      return this;
    }

    /**
     * How the decoder's weight tokens carry the scale of the weights: what it was trained with.
     *
     * @param value the encoding; {@link ScaleEncoding#reference()} unless set, as the published
     *     checkpoints have it
     * @return this builder
     */
    public Builder scaleEncoding(ScaleEncoding value) {
      this.scaleEncoding = Checks.notNull(value, "scaleEncoding");
      return this;
    }

    /**
     * Who hears how generations go.
     *
     * @param value the listener
     * @return this builder
     */
    public Builder listener(GenerationListener value) {
      this.listener = Checks.notNull(value, "listener");
      return this;
    }

    /**
     * The generator's name, which its adapters carry as provenance.
     *
     * @param value a name for people; the target's name unless set
     * @return this builder
     */
    public Builder id(String value) {
      this.id = Checks.notBlank(value, "id");
      return this;
    }

    /**
     * How the generator came about, kept in its directory.
     *
     * @param entries for example training data and settings
     * @return this builder
     */
    public Builder provenance(Map<String, String> entries) {
      Checks.notNull(entries, "provenance")
          .forEach(
              (key, value) -> {
                Checks.notBlank(key, "a key of provenance");
                this.provenance.put(key, Checks.notNull(value, "provenance of " + key));
              });
      return this;
    }

    /**
     * What the generator remembers of the prompts that its decoder was trained on, in the encoder's
     * hidden states.
     *
     * @param value the memory; none unless set, and then the generator cannot tell novel prompts
     * @return this builder
     */
    public Builder trainingPrompts(TrainingPrompts value) {
      this.trainingPrompts = Checks.notNull(value, "trainingPrompts");
      return this;
    }

    /**
     * Builds the generator and takes ownership of encoder and decoder: they are closed when the
     * generator is, or at once when it cannot be built. To build another generator, give the
     * builder new ones.
     *
     * @return the generator; the caller closes it
     * @throws InvalidInputException if a required part is missing
     * @throws ShapeMismatchException if the parts do not fit together
     */
    public DragAndDrop build() {
      try {
        checkPart(encoder, "encoder");
        checkPart(decoder, "decoder");
        checkPart(target, "target");
        Parts.checkFit(encoder, decoder, target);
        checkMemory();
        return new DragAndDrop(this);
      } catch (RuntimeException | Error e) {
        closeAfter(e, encoder, decoder);
        throw e;
      } finally {
        // They belong to the generator now, or are closed: another build() needs new ones.
        encoder = null;
        decoder = null;
      }
    }

    private void checkMemory() {
      if (trainingPrompts != null && trainingPrompts.dimension() != encoder.dimension()) {
        throw new ShapeMismatchException(
            "the training prompts are remembered in hidden states of width "
                + trainingPrompts.dimension()
                + ", but the encoder gives width "
                + encoder.dimension()
                + ": use the encoder that the decoder was trained with");
      }
    }

    private static void checkPart(Object part, String name) {
      if (part == null) {
        throw new InvalidInputException(
            "a generator needs one " + name + ": call " + name + "(...) before build()");
      }
    }
  }
}
