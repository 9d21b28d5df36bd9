package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.decoder.FeatureShape;
import io.github.dnd4j.decoder.HyperConvConfig;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.encoder.PromptEncoders;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.spi.PromptEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The encoders that the paper compares, each in front of a decoder of its preset's structure, but
 * small: encoder, decoder and command line fit together.
 */
@DisplayName("The ablation's encoders")
class AblationEncodersTest {

  /** Where dnd-encoder's tests keep their models. */
  private static final Path MODELS =
      Path.of("..", "dnd-encoder", "src", "test", "resources", "io", "github", "dnd4j", "encoder");

  /** An encoder of each kind, with the decoder that the paper puts behind it. */
  private enum Ablation {
    GLOVE(HyperConvPreset.ABLATION_GLOVE, "tiny-glove", "vectors.txt"),
    T5(HyperConvPreset.ABLATION_T5_BASE, "tiny-t5", ""),
    CAUSAL(HyperConvPreset.ABLATION_QWEN25_7B, "tiny-qwen2", "");

    private final HyperConvPreset preset;
    private final String model;
    private final String file;

    Ablation(HyperConvPreset preset, String model, String file) {
      this.preset = preset;
      this.model = model;
      this.file = file;
    }

    /** The preset's number of stages and kernel, for adapters of all-MiniLM-L6-v2. */
    HyperConvConfig decoder(int width) {
      HyperConvConfig full = preset.config();
      List<FeatureShape> features = new ArrayList<>();
      features.add(new FeatureShape(3, 12, width));
      for (int i = 1; i < full.features().size() - 1; i++) {
        FeatureShape stage = full.features().get(i);
        features.add(
            new FeatureShape(Math.max(3, stage.n() / 32), Math.max(8, stage.l() / 16), 16));
      }
      features.add(new FeatureShape(324, 10, 130));
      return new HyperConvConfig(features, full.kernel(), full.squeeze());
    }
  }

  @TempDir private Path folder;
  private Path prompts;

  @BeforeEach
  void writePrompts() throws IOException {
    prompts = folder.resolve("prompts.txt");
    Files.writeString(prompts, "the old mill\na river\nslow and north\n");
  }

  /** A copy of a model, beside which an encoder may write. */
  private Path copy(Ablation ablation) throws IOException {
    Path directory = Files.createDirectories(folder.resolve(ablation.model));
    try (Stream<Path> files = Files.list(MODELS.resolve(ablation.model))) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName().toString()));
      }
    }
    return ablation.file.isEmpty() ? directory : directory.resolve(ablation.file);
  }

  /** A generator with random weights. */
  private Path generator(PromptEncoder encoder, HyperConvConfig decoder) {
    Path directory = folder.resolve("generator");
    try (DragAndDrop generator =
        DragAndDrop.builder()
            .encoder(encoder)
            .decoder(HyperConvDecoder.fresh(decoder, 0))
            .target(LoraTargets.MINILM_L6)
            .build()) {
      generator.save(directory);
    }
    return directory;
  }

  private CommandLineRun generate(Path generator, String out, Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "generate",
                "--generator",
                generator,
                "--prompts",
                prompts,
                "--out",
                folder.resolve(out)));
    arguments.addAll(List.of(more));
    return dnd(arguments.toArray());
  }

  private byte[] weights(String adapter) throws IOException {
    return Files.readAllBytes(folder.resolve(adapter).resolve("adapter_model.safetensors"));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("make adapters with a decoder of their preset's structure, by dnd generate")
  void generate(Ablation ablation) throws IOException {
    // given
    Path path = copy(ablation);
    PromptEncoder encoder = PromptEncoders.load(path);
    HyperConvConfig decoder = ablation.decoder(encoder.dimension());
    assertThat(decoder.features()).hasSameSizeAs(ablation.preset.config().features());
    Path generator = generator(encoder, decoder);
    // when
    CommandLineRun run = generate(generator, "first", "--encoder", path);
    generate(generator, "second", "--encoder", path);
    Files.writeString(prompts, "a bridge of stone\nit runs\nand then\n");
    generate(generator, "other", "--encoder", path);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(weights("second")).isEqualTo(weights("first")).isNotEqualTo(weights("other"));
    try (TensorFile file =
        TensorFile.open(folder.resolve("first").resolve("adapter_model.safetensors"))) {
      assertThat(file.tensors()).hasSize(2 * LoraTargets.MINILM_L6.modules().size());
      for (String name : file.tensors().keySet()) {
        try (INDArray tensor = file.read(name)) {
          assertThat(tensor.amaxNumber().floatValue()).as(name).isFinite();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("are trained with by dnd train")
  void train(Ablation ablation) throws IOException {
    // given
    Path path = copy(ablation);
    int width;
    try (PromptEncoder encoder = PromptEncoders.load(path)) {
      width = encoder.dimension();
    }
    TrainingFolder training = TrainingFolder.in(folder);
    String layer = ablation == Ablation.CAUSAL ? ", layer: 0" : "";
    Path config =
        training.config(
            "trained", 2, "encoder: {directory: " + folder.relativize(path) + layer + "}");
    Files.writeString(config, Files.readString(config).replace("(2,8,384)", "(2,8," + width + ")"));
    // when
    CommandLineRun run = dnd("train", "--config", config);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    List<String> options = new ArrayList<>(List.of("--encoder", path.toString()));
    if (ablation == Ablation.CAUSAL) {
      assertThat(generate(training.resolve("trained"), "refused", options.toArray()).err())
          .contains("encoder", "layer");
      options.addAll(List.of("--encoder-layer", "0"));
    }
    CommandLineRun generate = generate(training.resolve("trained"), "adapter", options.toArray());
    assertThat(generate.exitCode()).as(generate.err()).isZero();
  }

  @Test
  @DisplayName("are named with their layer only where there is a choice")
  void layer() throws IOException {
    // given
    Path path = copy(Ablation.T5);
    PromptEncoder encoder = PromptEncoders.load(path);
    Path generator = generator(encoder, Ablation.T5.decoder(encoder.dimension()));
    TrainingFolder training = TrainingFolder.in(folder);
    // when
    CommandLineRun ofAT5 = generate(generator, "a", "--encoder", path, "--encoder-layer", 1);
    CommandLineRun ofNone = generate(generator, "a", "--encoder-layer", 1);
    CommandLineRun train =
        dnd("train", "--config", training.config("trained", 2, "encoder: {layer: 1}"));
    // then
    assertThat(ofAT5.exitCode()).isEqualTo(1);
    assertThat(ofAT5.err()).contains("causal language model", "tiny-t5, which is t5");
    assertThat(ofNone.exitCode()).isEqualTo(1);
    assertThat(ofNone.err()).contains("--encoder-layer needs --encoder");
    assertThat(train.exitCode()).isEqualTo(1);
    assertThat(train.err()).contains("trained.yaml", "encoder.layer", "encoder.directory");
  }

  @Test
  @DisplayName("are asked for if a generator was made with one")
  void asksForTheEncoder() throws IOException {
    // given
    Path path = copy(Ablation.T5);
    PromptEncoder encoder = PromptEncoders.load(path);
    Path generator = generator(encoder, Ablation.T5.decoder(encoder.dimension()));
    // when
    CommandLineRun run = generate(generator, "a");
    CommandLineRun other = generate(generator, "a", "--encoder", MODELS.resolve("tiny-t5-gated"));
    // then
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("T5Encoder.load(directory)");
    assertThat(other.exitCode()).isEqualTo(1);
    assertThat(other.err()).contains("tiny-t5-gated");
  }
}
