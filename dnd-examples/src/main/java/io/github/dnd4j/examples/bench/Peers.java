package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.FeatureShape;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.AtomicFiles;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What PyTorch and ONNX Runtime take for a plan's parts, on the same number of threads. */
final class Peers {

  private static final String PYTORCH = "PyTorch";
  private static final String TORCH = "torch";
  private static final String ONNX_RUNTIME = "ONNX Runtime";
  private static final String ONNX_MODULE = "onnxruntime";
  private static final String PYTORCH_ENCODER = "encoder_pytorch.py";
  private static final String ONNX_ENCODER = "encoder_onnx.py";
  private static final String MODEL = "all-minilm-l6-v2.onnx";

  /** What the encoders are given: no tokenizer's time is counted. */
  private static final String SAME_TOKENS = "the same tokens and mask, no tokenizer";

  private final BenchPlan plan;
  private final List<EncoderTexts> texts;
  private final PeerScripts scripts;
  private final int threads;
  private final String runs;
  private Set<String> modules;
  private String noModules = "not installed";

  /**
   * Peers for a plan.
   *
   * @param plan what is measured
   * @param texts what encoders encode; none if they are not measured
   * @param scripts where the scripts lie
   * @param threads how many threads others may use
   */
  Peers(BenchPlan plan, List<EncoderTexts> texts, PeerScripts scripts, int threads) {
    this.plan = plan;
    this.texts = List.copyOf(texts);
    this.scripts = scripts;
    this.threads = threads;
    this.runs = Integer.toString(1 + plan.repeats());
  }

  /**
   * A measurement that is still to be made.
   *
   * @param part what is measured
   * @param size of how many
   * @param by whose
   * @param measure makes it
   */
  record Task(Part part, int size, String by, Supplier<Measurement> measure) {

    /** For those who watch. */
    String what() {
      return part.title(size) + ", " + by;
    }
  }

  /** All measurements, to be made one after the other, each soon after DnD4J's of the same work. */
  List<Task> tasks() {
    List<Task> tasks = new ArrayList<>();
    for (EncoderTexts some : texts) {
      tasks.add(new Task(some.part(), some.size(), PYTORCH, () -> encodeByPyTorch(some)));
      tasks.add(new Task(some.part(), some.size(), ONNX_RUNTIME, () -> encodeByOnnxRuntime(some)));
    }
    if (plan.measures(BenchPart.DECODER)) {
      for (int batch : plan.peerBatches()) {
        tasks.add(new Task(Part.DECODING, batch, PYTORCH, () -> decode(batch)));
      }
    }
    plan.training()
        .ifPresent(
            structure ->
                tasks.add(
                    new Task(
                        Part.TRAINING,
                        BenchPlan.TRAINING_BATCH,
                        PYTORCH,
                        () -> train(structure.config()))));
    return tasks;
  }

  /** What PyTorch multiplies matrices with; nothing if it does not tell. */
  Optional<PeerBlas> blas() {
    try {
      require(TORCH);
      return Optional.of(
          PeerBlas.of(scripts.ask("blas_pytorch.py", List.of(Integer.toString(threads)))));
    } catch (PeerScripts.Failure e) {
      return Optional.empty();
    }
  }

  /** Asks Python once which modules there are. */
  private boolean installed(String module) {
    if (modules == null) {
      modules = Set.of();
      try {
        modules = scripts.installed(List.of(TORCH, ONNX_MODULE));
      } catch (PeerScripts.Failure e) {
        noModules = e.getMessage();
      }
    }
    return modules.contains(module);
  }

  private void require(String module) throws PeerScripts.Failure {
    if (!installed(module)) {
      throw new PeerScripts.Failure(noModules);
    }
  }

  private Measurement encodeByPyTorch(EncoderTexts some) {
    return measure(
        some.part(),
        some.size(),
        PYTORCH,
        SAME_TOKENS + ", random weights",
        () -> {
          requireTorch(PYTORCH_ENCODER);
          return encode(PYTORCH_ENCODER, List.of(), some);
        });
  }

  private void requireTorch(String script) throws PeerScripts.Failure {
    scripts.find(script);
    require(TORCH);
  }

  private PeerScripts.Result runTorch(String script, List<String> arguments)
      throws PeerScripts.Failure {
    requireTorch(script);
    return scripts.run(script, arguments);
  }

  private Measurement encodeByOnnxRuntime(EncoderTexts some) {
    Optional<Path> jar = modelJar();
    if (jar.isPresent() && installed(ONNX_MODULE)) {
      return measure(
          some.part(),
          some.size(),
          ONNX_RUNTIME,
          SAME_TOKENS,
          () -> encode(ONNX_ENCODER, List.of(jar.get().toString(), MODEL), some));
    }
    return OnnxRuntimePeer.available()
        ? new OnnxRuntimePeer(plan, threads, scripts.limit()).encode(some)
        : Measurement.none(
            some.part(),
            ONNX_RUNTIME,
            some.size(),
            "neither Python nor the class path has it, with " + MODEL);
  }

  /** Runs an encoder's script on the windows that DnD4J encodes. */
  private PeerScripts.Result encode(String script, List<String> model, EncoderTexts some)
      throws PeerScripts.Failure {
    PromptTokens tokens = some.tokens();
    Path folder = TemporaryFolder.make();
    try {
      Path file = folder.resolve("tokens.txt");
      tokens.write(file);
      List<String> arguments = new ArrayList<>(model);
      arguments.add(file.toString());
      arguments.add(Integer.toString(tokens.length()));
      arguments.addAll(List.of(Integer.toString(threads), runs));
      return scripts.run(script, arguments);
    } catch (IOException e) {
      throw new PeerScripts.Failure("cannot write tokens for it: " + e, e);
    } finally {
      AtomicFiles.delete(folder);
    }
  }

  private static Optional<Path> modelJar() {
    URL url = SentenceEncoder.class.getClassLoader().getResource(MODEL);
    try {
      return url != null && url.openConnection() instanceof JarURLConnection connection
          ? Optional.of(Path.of(connection.getJarFileURL().toURI()))
          : Optional.empty();
    } catch (IOException | URISyntaxException e) {
      return Optional.empty();
    }
  }

  private Measurement decode(int batch) {
    HyperConvConfig config = plan.decoder().config();
    List<String> arguments = new ArrayList<>(structure(config));
    arguments.addAll(List.of(Integer.toString(threads), runs, "--batch", Integer.toString(batch)));
    config.squeeze().ifPresent(s -> arguments.addAll(List.of("--squeeze", s.toString())));
    return measure(
        Part.DECODING, batch, PYTORCH, "", () -> runTorch("decoder_pytorch.py", arguments));
  }

  private Measurement train(HyperConvConfig config) {
    int batch = BenchPlan.TRAINING_BATCH;
    if (config.squeeze().isPresent()) {
      return Measurement.none(
          Part.TRAINING, PYTORCH, batch, "the script does not train a length squeeze");
    }
    List<String> arguments = new ArrayList<>(structure(config));
    arguments.add(Integer.toString(batch));
    arguments.add(Integer.toString(threads));
    arguments.add(Integer.toString(plan.trainingSteps()));
    arguments.add("0"); // steps that it leaves out
    return withRuns(
        measure(
            Part.TRAINING,
            batch,
            PYTORCH,
            "",
            () -> runTorch("training_step_pytorch.py", arguments)),
        plan::countedSteps);
  }

  private static List<String> structure(HyperConvConfig config) {
    return List.of(FeatureShape.formatAll(config.features()), Integer.toString(config.kernel()));
  }

  private static Measurement withRuns(Measurement from, UnaryOperator<List<Run>> change) {
    return new Measurement(
        from.part(),
        from.by(),
        from.size(),
        change.apply(from.runs()),
        from.peakBytes(),
        from.note());
  }

  /** Something that a script does. */
  @FunctionalInterface
  private interface Script {

    PeerScripts.Result run() throws PeerScripts.Failure;
  }

  private static Measurement measure(
      Part part, int size, String program, String note, Script script) {
    try {
      PeerScripts.Result result = script.run();
      String by = result.version().isEmpty() ? program : program + " " + result.version();
      String all =
          Stream.of(note, result.note())
              .filter(n -> !n.isEmpty())
              .collect(Collectors.joining("; "));
      return new Measurement(part, by, size, result.runs(), result.peakBytes(), all);
    } catch (PeerScripts.Failure e) {
      return Measurement.none(part, program, size, e.getMessage());
    }
  }
}
