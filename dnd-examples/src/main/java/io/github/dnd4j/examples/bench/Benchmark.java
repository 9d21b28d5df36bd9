package io.github.dnd4j.examples.bench;

import io.github.dnd4j.decoder.Convolution;
import io.github.dnd4j.decoder.ConvolutionEngine;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.internal.AtomicFiles;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.ScaleEncoding;
import io.github.dnd4j.lora.WeightTokenizer;
import io.github.dnd4j.spi.ConditionShape;
import io.github.dnd4j.spi.Parts;
import io.github.dnd4j.spi.ProgressListener;
import io.github.dnd4j.training.TrainingStep;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Measures one part after the other, in this process, and then what other programs take. */
public final class Benchmark {

  private static final String DND4J = "DnD4J";

  private final BenchPlan plan;
  private final List<EncoderTexts> texts;
  private final Machine machine = Machine.here();
  private final Optional<Peers> peers;
  private final List<Peers.Task> tasks;
  private final Consumer<String> watcher;
  private final List<Measurement> measurements = new ArrayList<>();
  private final boolean peakIsOfPart = ResidentMemory.resetPeak();
  private long adapterBytes;
  private int done;

  private Benchmark(BenchPlan plan, Consumer<String> watcher) {
    this.plan = plan;
    this.watcher = watcher;
    this.texts = plan.measures(BenchPart.ENCODER) ? EncoderTexts.of(plan) : List.of();
    this.peers = plan.peers().map(scripts -> new Peers(plan, texts, scripts, machine.threads()));
    this.tasks = peers.map(Peers::tasks).orElse(List.of());
  }

  /**
   * Measures everything that a plan asks for.
   *
   * @param plan what to measure
   * @param watcher hears a line of each measurement as soon as it is made, and of what other
   *     programs begin
   * @return what came out
   * @throws io.github.dnd4j.ShapeMismatchException if encoder, decoder and target do not fit
   * @throws io.github.dnd4j.DragAndDropException if a part of DnD4J fails, for want of memory for
   *     example; what other programs fail at is part of the report
   */
  public static BenchReport run(BenchPlan plan, Consumer<String> watcher) {
    return new Benchmark(plan, watcher).run();
  }

  private BenchReport run() {
    if (plan.measures(BenchPart.ENCODER) || plan.measures(BenchPart.DECODER)) {
      generate();
    }
    plan.training()
        .ifPresent(
            structure -> {
              plan.engines().forEach(engine -> train(structure, engine));
              measurePeers(task -> task.part() == Part.TRAINING);
            });
    Optional<Bounds> bounds = MachinePeak.measure().map(this::bounds);
    Optional<PeerBlas> blas = tasks.isEmpty() ? Optional.empty() : peers.flatMap(Peers::blas);
    return new BenchReport(
        plan, machine, measurements, new Rates(bounds, blas), adapterBytes, peakIsOfPart);
  }

  private void add(Measurement measurement) {
    measurements.add(measurement);
    done++;
    watcher.accept("[" + done + "/" + (plan.pieces() + tasks.size()) + "] " + measurement.line());
  }

  /**
   * Other programs come right after DnD4J, part by part: the speed of a virtual machine changes
   * within minutes, and a comparison is of no use if it does so in between.
   */
  private void measurePeers(Predicate<Peers.Task> which) {
    for (Peers.Task task : tasks) {
      if (which.test(task)) {
        watcher.accept("running: " + task.what());
        add(task.measure().get());
      }
    }
  }

  private void generate() {
    try (SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
        INDArray condition = condition(encoder)) {
      texts.stream().skip(1).forEach(some -> encode(encoder, some).close());
      if (plan.measures(BenchPart.DECODER)) {
        plan.engines().forEach(engine -> decode(encoder, condition, engine));
      }
    }
    measurePeers(task -> task.part() == Part.DECODING);
    if (plan.measures(BenchPart.ENCODER) && plan.measures(BenchPart.DECODER)) {
      plan.engines().forEach(this::addUp);
    }
  }

  /** What the encoder makes of the prompts, or random numbers of the same shape. */
  private INDArray condition(SentenceEncoder encoder) {
    if (plan.measures(BenchPart.ENCODER)) {
      return encode(encoder, texts.get(0));
    }
    ConditionShape shape = plan.decoder().config().conditionShape();
    return Nd4j.rand(DataType.FLOAT, shape.prompts(), shape.textLength(), shape.dimension());
  }

  /** Of the encoder, and of the stages of all engines for a single condition. */
  private Bounds bounds(MachinePeak peak) {
    HyperConvConfig config = plan.decoder().config();
    List<Bound> bounds = new ArrayList<>();
    for (EncoderTexts some : texts) {
      measurements.stream()
          .filter(m -> m.by().equals(DND4J))
          .filter(m -> m.part() == some.part() && m.size() == some.size())
          .forEach(m -> bounds.add(Bounds.encoder(m, some.tokens())));
    }
    for (ConvolutionEngine engine : plan.engines()) {
      measurements.stream()
          .filter(m -> m.part() == Part.DECODING && m.size() == 1 && m.by().equals(name(engine)))
          .forEach(m -> bounds.addAll(Bounds.decoder(m, plan.decoder().stages(), config, engine)));
    }
    return new Bounds(peak, bounds);
  }

  /** Measures the encoder, and gives what it makes: {@code [N, L, C]}. */
  private INDArray encode(SentenceEncoder encoder, EncoderTexts some) {
    List<Run> runs = new ArrayList<>();
    ResidentMemory.resetPeak();
    INDArray states = encode(encoder, some, runs);
    try {
      for (int i = 0; i < plan.repeats(); i++) {
        encode(encoder, some, runs).close();
      }
      OptionalLong peak = ResidentMemory.peakBytes();
      String note = some.tokens().summary();
      add(new Measurement(some.part(), DND4J, some.size(), runs, peak, note));
      measurePeers(task -> task.part() == some.part() && task.size() == some.size());
      return states;
    } catch (RuntimeException | Error e) {
      states.close();
      throw e;
    }
  }

  private static INDArray encode(SentenceEncoder encoder, EncoderTexts some, List<Run> runs) {
    long start = System.nanoTime();
    INDArray states = encoder.encode(some.texts(), some.length(), ProgressListener.NONE);
    runs.add(Run.since(start));
    return states;
  }

  private void decode(SentenceEncoder encoder, INDArray condition, ConvolutionEngine engine) {
    try (Convolution convolution = engine.create();
        HyperConvDecoder decoder =
            HyperConvDecoder.fresh(plan.decoder().config(), BenchPlan.SEED, convolution)) {
      Parts.checkFit(encoder, decoder, plan.decoder().target());
      for (int batch : plan.batches(engine)) {
        try (INDArray conditions = repeat(condition, batch);
            INDArray tokens = decode(decoder, conditions, engine)) {
          if (adapterBytes == 0) {
            makeAdapter(tokens);
          }
        }
      }
    }
  }

  /** Measures the decoder, and gives what it makes: {@code [B, T, h, w]}. */
  private INDArray decode(HyperConvDecoder decoder, INDArray conditions, ConvolutionEngine engine) {
    List<Run> runs = new ArrayList<>();
    ResidentMemory.resetPeak();
    INDArray tokens = decode(decoder, conditions, runs);
    try {
      for (int i = 0; i < plan.repeats(); i++) {
        decode(decoder, conditions, runs).close();
      }
      add(measured(Part.DECODING, name(engine), (int) conditions.size(0), runs));
      return tokens;
    } catch (RuntimeException | Error e) {
      tokens.close();
      throw e;
    }
  }

  private static INDArray decode(HyperConvDecoder decoder, INDArray conditions, List<Run> runs) {
    StageClock clock = new StageClock();
    long start = System.nanoTime();
    INDArray tokens = decoder.decode(conditions, clock);
    runs.add(clock.runSince(start));
    return tokens;
  }

  /** The same condition several times: {@code [B, N, L, C]}. */
  private static INDArray repeat(INDArray condition, int batch) {
    long prompts = condition.size(0);
    INDArray repeated =
        HostFloats.uninitialized(batch, prompts, condition.size(1), condition.size(2));
    HostFloats from = HostFloats.of(condition);
    HostFloats to = HostFloats.of(repeated);
    float[] prompt = new float[Math.toIntExact(condition.size(1) * condition.size(2))];
    for (long i = 0; i < prompts; i++) {
      from.read(i * prompt.length, prompt, 0, prompt.length);
      for (int item = 0; item < batch; item++) {
        to.write((item * prompts + i) * prompt.length, prompt, 0, prompt.length);
      }
    }
    return repeated;
  }

  /** Measures what makes an adapter of weight tokens {@code [1, T, h, w]} and writes it. */
  private void makeAdapter(INDArray tokens) {
    LoraTarget target = plan.decoder().target();
    WeightTokenizer tokenizer = new WeightTokenizer(target, ScaleEncoding.reference());
    Path temporary = TemporaryFolder.make();
    try {
      Path out = plan.out().orElse(temporary.resolve("adapter"));
      List<Run> making = new ArrayList<>();
      List<Run> writing = new ArrayList<>();
      ResidentMemory.resetPeak();
      for (int i = 0; i <= plan.repeats(); i++) {
        long start = System.nanoTime();
        try (LoraAdapter adapter =
            tokenizer.detokenize(
                tokens.reshape('c', target.tokenCount(), target.tokenHeight(), target.tokenWidth()),
                Map.of())) {
          making.add(Run.since(start));
          long written = System.nanoTime();
          adapter.save(out);
          writing.add(Run.since(written));
        }
      }
      adapterBytes = size(out);
      add(measured(Part.MAKING, DND4J, 1, making));
      add(measured(Part.WRITING, DND4J, 1, writing));
    } finally {
      AtomicFiles.delete(temporary);
    }
  }

  /** The bytes of a file, or of all files in a folder. */
  private static long size(Path path) {
    try (var files = Files.walk(path)) {
      long bytes = 0;
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        bytes += Files.size(file);
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The parts of an engine's way from prompts to a written adapter, together. */
  private void addUp(ConvolutionEngine engine) {
    List<Measurement> parts =
        List.of(
            find(Part.ENCODING, DND4J),
            find(Part.DECODING, name(engine)),
            find(Part.MAKING, DND4J),
            find(Part.WRITING, DND4J));
    List<Run> runs = new ArrayList<>();
    runs.add(Run.of(parts.stream().mapToDouble(part -> part.cold().seconds()).sum()));
    if (plan.repeats() > 0) {
      runs.add(Run.of(parts.stream().mapToDouble(Measurement::seconds).sum()));
    }
    OptionalLong peak = parts.stream().flatMapToLong(part -> part.peakBytes().stream()).max();
    measurements.add(
        new Measurement(Part.END_TO_END, name(engine), 1, runs, peak, "the sum of its parts"));
  }

  /** The first there is: that of the decoder's number of prompts, or of a single condition. */
  private Measurement find(Part part, String by) {
    return measurements.stream()
        .filter(measurement -> measurement.part() == part && measurement.by().equals(by))
        .findFirst()
        .orElseThrow();
  }

  private void train(BenchStructure structure, ConvolutionEngine engine) {
    ResidentMemory.resetPeak();
    // The trainer closes encoder and decoder, which may be closed twice.
    try (Convolution convolution = engine.create();
        SentenceEncoder encoder = SentenceEncoder.allMiniLmL6V2();
        HyperConvDecoder decoder =
            HyperConvDecoder.fresh(structure.config(), BenchPlan.SEED, convolution)) {
      List<TrainingStep> steps =
          TrainingSteps.make(
              encoder, decoder, structure.target(), plan.trainingSteps(), BenchPlan.TRAINING_BATCH);
      List<Run> runs =
          plan.countedSteps(steps).stream()
              .map(step -> Run.of(step.duration().toNanos() / 1e9))
              .toList();
      add(measured(Part.TRAINING, name(engine), BenchPlan.TRAINING_BATCH, runs));
    }
  }

  private static Measurement measured(Part part, String by, int size, List<Run> runs) {
    return new Measurement(part, by, size, runs, ResidentMemory.peakBytes(), "");
  }

  private static String name(ConvolutionEngine engine) {
    return DND4J + " " + engine.name().toLowerCase(Locale.ROOT);
  }
}
