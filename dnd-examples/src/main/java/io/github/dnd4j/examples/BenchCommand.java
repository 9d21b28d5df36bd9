package io.github.dnd4j.examples;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.decoder.ConvolutionEngine;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.examples.bench.BenchPart;
import io.github.dnd4j.examples.bench.BenchPlan;
import io.github.dnd4j.examples.bench.BenchReport;
import io.github.dnd4j.examples.bench.BenchStructure;
import io.github.dnd4j.examples.bench.Benchmark;
import io.github.dnd4j.examples.bench.PeerScripts;
import io.github.dnd4j.internal.Checks;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.io.PromptFile;
import io.github.dnd4j.lora.LoraTargets;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd bench}: how long everything takes here, and what else there is to compare it with. */
@Command(
    name = "bench",
    description = {
      "Measure encoder, decoder by stage, writing, the way from prompts to an adapter, a training"
          + " step",
      "and peak memory, with one convolution engine and another, beside PyTorch and ONNX Runtime"
          + " where",
      "the Python of PYTHON (or /usr/bin/python3) or the class path has them, and against the"
          + " bound of",
      "this machine. Decoders have random weights. Each measurement is told when it is made.",
      "The decoder is a --preset (default: qwen2.5-0.5b), or --features with --kernel and"
          + " --target.",
      ""
    })
final class BenchCommand implements Callable<Integer> {

  private static final String PRESET = "qwen2.5-0.5b";
  private static final String TRAINING_PRESET = "minilm-l6";
  private static final String PYTHON = "/usr/bin/python3";

  @Mixin private DecoderOptions decoderOptions;

  @Option(
      names = "--features",
      paramLabel = "SHAPES",
      description = "The feature maps, for example \"(2,8,384) (324,10,130)\".")
  private String features;

  @Option(names = "--kernel", paramLabel = "K", description = "The kernel's size, odd.")
  private Integer kernel;

  @Option(
      names = "--target",
      paramLabel = "NAME",
      description = "With --features: what its adapters are for, for example minilm-l6.")
  private String target;

  @Option(
      names = "--engines",
      paramLabel = "ENGINE",
      split = ",",
      description =
          "Convolution engines, the first is what others are compared with:"
              + " ${COMPLETION-CANDIDATES} (default: direct,auto).")
  private List<ConvolutionEngine> engines =
      List.of(ConvolutionEngine.DIRECT, ConvolutionEngine.AUTO);

  @Option(
      names = "--batches",
      paramLabel = "B",
      split = ",",
      description =
          "How many conditions are decoded at once, 1 and these; the direct engine is measured with"
              + " 1 if there are others (default: 1).")
  private List<Integer> batches = List.of(1);

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "Prompts: .txt, .json or .jsonl (default: the questions of dnd quickstart).")
  private Path prompts;

  @Option(
      names = "--encode-prompts",
      paramLabel = "N",
      split = ",",
      description =
          "How many prompts are encoded: as many as the decoder takes, and these (default: none).")
  private List<Integer> encodePrompts = List.of();

  @Option(
      names = "--full-texts",
      paramLabel = "N",
      split = ",",
      description =
          "How many texts of joined prompts are encoded that fill all tokens: padding, which"
              + " prompts mostly are, takes the encoder less time (default: 32; 0 for none).")
  private List<Integer> fullTexts = List.of(32);

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "1",
      description = {
        "Runs after the first, cold one, which count; of training steps there are 5 each (default:"
            + " 1)."
      })
  private int repeats;

  @Option(
      names = "--training-preset",
      paramLabel = "NAME",
      description = "The decoder that is trained (default: minilm-l6, or what --features says).")
  private String trainingPreset;

  @Option(
      names = "--parts",
      paramLabel = "PART",
      split = ",",
      description =
          "What to measure: ${COMPLETION-CANDIDATES} (default: all). The way from prompts to an"
              + " adapter is added up if encoder and decoder are.")
  private List<BenchPart> parts = List.of(BenchPart.values());

  @Option(names = "--no-training", description = "Leave out the training step.")
  private boolean noTraining;

  @Option(names = "--no-peers", description = "Leave out PyTorch and ONNX Runtime.")
  private boolean noPeers;

  @Option(
      names = "--peer-batches",
      paramLabel = "B",
      split = ",",
      description = "How many conditions PyTorch decodes at once, 1 and these (default: 1).")
  private List<Integer> peerBatches = List.of(1);

  @Option(
      names = "--peer-timeout",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "After how long another program is stopped (default: 600).")
  private int peerTimeout;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write all figures as one JSON document.")
  private Path json;

  @Option(
      names = "--picture",
      paramLabel = "FILE.png",
      description =
          "Draw the decoder's stages, and the times of its batches and of the encoder's prompts and"
              + " full texts if there are several.")
  private Path picture;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the adapter is written (default: a temporary folder).")
  private Path out;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  BenchCommand() {}

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    BenchReport report =
        Benchmark.run(
            plan(),
            line -> {
              err.println(line);
              err.flush();
            });
    report.print(spec.commandLine().getOut());
    if (json != null) {
      report.writeJson(json);
    }
    if (picture != null) {
      report.writePicture(picture);
    }
    return 0;
  }

  private BenchPlan plan() {
    BenchStructure decoder = decoder();
    return new BenchPlan(
        EnumSet.copyOf(parts),
        decoder,
        prompts(),
        encodePrompts,
        fullTexts,
        batches,
        engines,
        repeats,
        noTraining ? Optional.empty() : Optional.of(training(decoder)),
        peerBatches,
        noPeers ? Optional.empty() : Optional.of(peers()),
        Optional.ofNullable(out));
  }

  private BenchStructure decoder() {
    boolean described = features != null && kernel != null && target != null;
    boolean touched = features != null || kernel != null || target != null;
    boolean byPreset = decoderOptions.preset != null || decoderOptions.squeezeVariant != null;
    if (touched && (!described || byPreset)) {
      throw new InvalidInputException(
          "say the decoder by --preset, or by --features, --kernel and --target");
    }
    if (described) {
      return new BenchStructure(
          features, HyperConvConfig.of(features, kernel), LoraTargets.byName(target));
    }
    if (decoderOptions.preset == null) {
      decoderOptions.preset = PRESET;
    }
    return new BenchStructure(
        decoderOptions.preset, decoderOptions.config(), decoderOptions.preset().target());
  }

  private BenchStructure training(BenchStructure decoder) {
    if (trainingPreset == null && features != null) {
      return decoder;
    }
    return BenchStructure.ofPreset(trainingPreset == null ? TRAINING_PRESET : trainingPreset);
  }

  private List<String> prompts() {
    return prompts == null
        ? QuickstartTask.read(0).task().questions()
        : PromptFile.read(prompts).stream().map(PromptExample::prompt).toList();
  }

  /** bin/dnd knows where the scripts lie and says so by a property. */
  private PeerScripts peers() {
    Checks.positive(peerTimeout, "--peer-timeout");
    return new PeerScripts(
        Optional.ofNullable(System.getenv("PYTHON")).orElse(PYTHON),
        Optional.ofNullable(System.getProperty("dnd.bench")).map(Path::of),
        Duration.ofSeconds(peerTimeout));
  }
}
