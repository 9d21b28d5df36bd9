package io.github.dnd4j.examples;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.GenerationOptions;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.LoadOptions;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.examples.bench.ResidentMemory;
import io.github.dnd4j.io.PromptExample;
import io.github.dnd4j.io.PromptFile;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.spi.PromptEncoder;
import io.github.dnd4j.spi.WeightDecoder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dnd generate}: prompts in, adapter out. */
@Command(
    name = "generate",
    description = {
      "Generate a LoRA adapter from the prompts of a task.",
      "",
      "With the generator of dnd:   dnd generate --shipped --prompts FILE --out DIR",
      "With a generator directory:  dnd generate --generator DIR --prompts FILE --out DIR",
      "With a decoder's weights:    dnd generate --preset NAME --decoder FILE --prompts ...",
      "With random weights, to try: dnd generate --preset NAME --untrained --prompts ...",
      ""
    })
final class GenerateCommand implements Callable<Integer> {

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "FILE",
      description =
          "Prompts: .txt (one a line), .json or .jsonl (strings, or objects with prompt).")
  private Path prompts;

  @Mixin private AdapterOutput output;

  @Option(
      names = "--generator",
      paramLabel = "DIR",
      description = "A generator directory (generator.json and decoder.safetensors).")
  private Path generator;

  @Option(
      names = "--shipped",
      description = "The generator that comes with dnd, for adapters of all-MiniLM-L6-v2.")
  private boolean shipped;

  @Mixin private DecoderOptions decoderOptions;

  @Option(
      names = "--decoder",
      paramLabel = "FILE",
      description = "The preset's weights: a reference checkpoint (.pth) or safetensors.")
  private Path decoder;

  @Mixin private WeightOptions weightOptions;

  @Option(
      names = "--untrained",
      description = "Random weights for the preset: shows the machinery, not a useful adapter.")
  private boolean untrained;

  @Mixin private EncoderOptions encoder;

  @Mixin private ScaleEncodingOptions scaleOptions;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Draws the prompts if there are too many, and untrained weights (default: 0).")
  private long seed;

  @Option(
      names = "--scale-by-novelty",
      description = {
        "Bring the adapter to the strength of the training's own if the prompts are familiar, and",
        "make it weaker the more they are unlike those that the generator was trained on."
      })
  private boolean scaleByNovelty;

  @Spec private CommandSpec spec;

  /** Created by picocli. */
  GenerateCommand() {}

  @Override
  public Integer call() {
    checkOptions();
    List<String> texts = PromptFile.read(prompts).stream().map(PromptExample::prompt).toList();
    PrintWriter console = spec.commandLine().getOut();
    try (Progress progress = new Progress();
        DragAndDrop opened = open(progress);
        LoraAdapter adapter = opened.generate(texts, options())) {
      long start = System.nanoTime();
      output.write(adapter);
      double writing = (System.nanoTime() - start) / 1e9;
      console.printf(
          "%s: %d numbers in %d tensors for %s%n",
          output.path(),
          adapter.parameterCount(),
          2 * adapter.modules().size(),
          adapter.config().baseModel());
      NoveltyReport.print(adapter, console);
      progress.printDurations(console);
      console.printf(Locale.ROOT, "  %-19s %8.2f s%n", "writing", writing);
      ResidentMemory.peakBytes()
          .ifPresent(
              bytes ->
                  console.printf(
                      Locale.ROOT,
                      "  %-19s %8.2f GiB%n",
                      "peak memory",
                      bytes / (double) (1 << 30)));
      NoveltyReport.warn(
          adapter,
          ": compare it with the model as it is"
              + (scaleByNovelty ? "" : ", or --scale-by-novelty"),
          spec.commandLine().getErr());
    }
    if (untrained) {
      spec.commandLine()
          .getErr()
          .println("dnd: note: the decoder's weights are random, so this adapter is no use");
    }
    return 0;
  }

  private GenerationOptions options() {
    return GenerationOptions.defaults().withSeed(seed).withScaledByNovelty(scaleByNovelty);
  }

  private void checkOptions() {
    if (weightOptions.compact && untrained) {
      throw new InvalidInputException(
          "--compact is for weights of a file: a --decoder FILE, --generator DIR or --shipped");
    }
    if (generator != null || shipped) {
      if (decoderOptions.preset != null || decoder != null || untrained) {
        throw new InvalidInputException(
            (shipped ? "--shipped" : "--generator")
                + " stands alone: it brings its own preset and weights");
      }
      if (generator != null && shipped) {
        throw new InvalidInputException("--generator and --shipped are two generators: choose one");
      }
    } else if (decoderOptions.preset == null || (decoder == null) == !untrained) {
      throw new InvalidInputException(
          "say what generates: --shipped, --generator DIR, or --preset NAME with either --decoder"
              + " FILE or --untrained");
    }
  }

  private DragAndDrop open(Progress progress) {
    if (shipped) {
      try (ResourceFiles files = ShippedGenerator.unpack()) {
        return load(files.folder(), progress);
      }
    }
    return generator == null ? build(progress) : load(generator, progress);
  }

  private DragAndDrop load(Path directory, Progress progress) {
    LoadOptions options =
        LoadOptions.defaults().withCompact(weightOptions.compact).withListener(progress);
    return encoder.given()
        ? DragAndDrop.load(directory, encoder.open(), options)
        : DragAndDrop.load(directory, options);
  }

  private DragAndDrop build(Progress progress) {
    WeightDecoder weights =
        untrained
            ? HyperConvDecoder.fresh(decoderOptions.config(), seed)
            : weightOptions.load(decoder, decoderOptions.config());
    PromptEncoder texts;
    try {
      texts = encoder.open();
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
    return DragAndDrop.builder()
        .encoder(texts)
        .decoder(weights)
        .target(decoderOptions.preset().target())
        .scaleEncoding(scaleOptions.encoding())
        .listener(progress)
        .id(decoderOptions.preset + (untrained ? "-untrained" : ""))
        .build();
  }
}
