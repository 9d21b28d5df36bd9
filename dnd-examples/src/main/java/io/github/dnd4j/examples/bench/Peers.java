package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.FeatureShape;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.encoder.SentenceEncoder;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** What PyTorch and ONNX Runtime take for a plan's parts, on the same number of threads. */
final class Peers {

  private static final String PYTORCH = "PyTorch";
  private static final String TORCH = "torch";
  private static final String ONNX_RUNTIME = "ONNX Runtime";
  private static final String MODEL = "all-minilm-l6-v2.onnx";

  /** The window of all-MiniLM-L6-v2. */
  private static final int WINDOW = 512;

  private final BenchPlan plan;
  private final PeerScripts scripts;
  private final String threads;
  private final String runs;

  Peers(BenchPlan plan, PeerScripts scripts, int threads) {
    this.plan = plan;
    this.scripts = scripts;
    this.threads = Integer.toString(threads);
    this.runs = Integer.toString(1 + plan.repeats());
  }

  /** All measurements, to be made one after the other. */
  List<Supplier<Measurement>> tasks() {
    List<Supplier<Measurement>> tasks = new ArrayList<>();
    for (int prompts : plan.encodePrompts()) {
      tasks.add(() -> encodeByPyTorch(prompts));
      tasks.add(() -> encodeByOnnxRuntime(prompts));
    }
    for (int batch : plan.batches()) {
      tasks.add(() -> decode(batch));
    }
    plan.training().ifPresent(structure -> tasks.add(() -> train(structure.config())));
    return tasks;
  }

  private Measurement encodeByPyTorch(int prompts) {
    return measure(
        Part.ENCODING,
        prompts,
        PYTORCH,
        encoderNote(),
        () ->
            scripts.run(
                TORCH,
                "encoder_pytorch.py",
                List.of(Integer.toString(prompts), windowLength(), threads, runs)));
  }

  private Measurement encodeByOnnxRuntime(int prompts) {
    Optional<Path> jar = modelJar();
    if (jar.isEmpty()) {
      return Measurement.none(
          Part.ENCODING, ONNX_RUNTIME, prompts, MODEL + " is in no jar of the class path");
    }
    return measure(
        Part.ENCODING,
        prompts,
        ONNX_RUNTIME,
        encoderNote(),
        () ->
            scripts.run(
                "onnxruntime",
                "encoder_onnx.py",
                List.of(
                    jar.get().toString(),
                    MODEL,
                    Integer.toString(prompts),
                    windowLength(),
                    threads,
                    runs)));
  }

  private int textLength() {
    return plan.decoder().config().conditionShape().textLength();
  }

  private String windowLength() {
    return Integer.toString(Math.min(WINDOW, textLength()));
  }

  /** Windows that hold nothing but padding are all the same: DnD4J encodes one of them. */
  private String encoderNote() {
    return "random tokens, no tokenizer"
        + (textLength() > WINDOW ? "; the first window of each prompt only" : "");
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
    arguments.addAll(List.of(threads, runs, "--batch", Integer.toString(batch)));
    config.squeeze().ifPresent(s -> arguments.addAll(List.of("--squeeze", s.toString())));
    return measure(
        Part.DECODING,
        batch,
        PYTORCH,
        "",
        () -> scripts.run(TORCH, "decoder_pytorch.py", arguments));
  }

  private Measurement train(HyperConvConfig config) {
    int batch = BenchPlan.TRAINING_BATCH;
    if (config.squeeze().isPresent()) {
      return Measurement.none(
          Part.TRAINING, PYTORCH, batch, "the script does not train a length squeeze");
    }
    List<String> arguments = new ArrayList<>(structure(config));
    arguments.add(Integer.toString(batch));
    arguments.add(threads);
    arguments.add(Integer.toString(plan.trainingSteps()));
    arguments.add("0"); // steps that it leaves out
    return withRuns(
        measure(
            Part.TRAINING,
            batch,
            PYTORCH,
            "",
            () -> scripts.run(TORCH, "training_step_pytorch.py", arguments)),
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
      return new Measurement(part, by, size, result.runs(), result.peakBytes(), note);
    } catch (PeerScripts.Failure e) {
      return Measurement.none(part, program, size, e.getMessage());
    }
  }
}
