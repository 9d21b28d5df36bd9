package io.github.dnd4j.examples;

import static io.github.dnd4j.examples.CommandLineRun.dnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.DragAndDrop;
import io.github.dnd4j.decoder.Frozen16BitDecoder;
import io.github.dnd4j.decoder.HyperConvDecoder;
import io.github.dnd4j.decoder.HyperConvPreset;
import io.github.dnd4j.encoder.SentenceEncoder;
import io.github.dnd4j.examples.bench.RandomAdapter;
import io.github.dnd4j.io.SafetensorsWriter;
import io.github.dnd4j.io.TensorFile;
import io.github.dnd4j.io.TensorInfo;
import io.github.dnd4j.io.TensorType;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("The dnd command")
class DndTest {

  private static final Path PROMPTS = Path.of("prompts", "science.txt");
  private static final String PRESET = "minilm-l6";

  /** One step of bfloat16: what the way through weight tokens may round to the other side. */
  private static final double BF16_STEP = 1.0 / 128;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "quickstart",
        "generate",
        "init",
        "decode",
        "tokenize",
        "detokenize",
        "criterion",
        "merge",
        "convert",
        "inspect",
        "compare",
        "serve",
        "modelfile",
        "llama-command",
        "bench"
      })
  @DisplayName("explains every subcommand")
  void help(String command) {
    CommandLineRun run = dnd(command, "--help");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("Usage: dnd " + command).contains("--verbose");
    assertThat(dnd().out()).contains(command);
  }

  @Test
  @DisplayName("generates an adapter in PEFT's form, twice with the same bytes")
  void generate() throws IOException {
    // given
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    // when
    CommandLineRun run = generateUntrained(first);
    generateUntrained(second);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("331776 numbers in 72 tensors")
        .contains("encoding prompts")
        .contains("decoding weights");
    assertThat(run.err()).contains("random");
    assertThat(first.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(second.resolve("adapter_model.safetensors"));
    assertThat(first.resolve("adapter_config.json"))
        .hasSameBinaryContentAs(second.resolve("adapter_config.json"));
    try (TensorFile file = TensorFile.open(first.resolve("adapter_model.safetensors"))) {
      TensorInfo info =
          file.tensors().get("base_model.model.encoder.layer.0.attention.self.query.lora_A.weight");
      assertThat(info.type()).isEqualTo(TensorType.BF16);
      assertThat(info.shape()).containsExactly(8L, 384L);
      assertThat(file.metadata())
          .containsEntry("format", "pt")
          .containsEntry("dnd4j.generator", PRESET + "-untrained")
          .containsEntry("dnd4j.prompts", "20");
    }
  }

  private static CommandLineRun generateUntrained(Path out) {
    return dnd("generate", "--preset", PRESET, "--untrained", "--prompts", PROMPTS, "--out", out);
  }

  @Test
  @DisplayName("generates the same from a decoder's file as from the weights that went into it")
  void generateFromFile() throws IOException {
    // given
    Path decoder = folder.resolve("decoder.safetensors");
    CommandLineRun init = dnd("init", "--preset", PRESET, "--seed", "0", "--out", decoder);
    assertThat(init.exitCode()).as(init.err()).isZero();
    assertThat(init.out()).contains("[16, 32, 384]").contains("[324, 10, 130]");
    // when
    CommandLineRun run =
        dnd(
            "generate",
            "--preset",
            PRESET,
            "--decoder",
            decoder,
            "--prompts",
            PROMPTS,
            "--out",
            folder.resolve("a"));
    generateUntrained(folder.resolve("b"));
    // then the weights are the same; only the provenance differs
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.err()).isEmpty();
    assertSameTensors(folder.resolve("a"), folder.resolve("b"));
  }

  @Test
  @DisplayName(
      "generates with 16 bits of each weight, from a decoder's file or a generator directory")
  void compactGenerator() throws IOException {
    // given
    Path decoder = folder.resolve("decoder.safetensors");
    Path bf16 = folder.resolve("bf16.safetensors");
    Path saved = folder.resolve("generator");
    dnd("init", "--preset", PRESET, "--out", decoder);
    dnd("convert", decoder, bf16, "--precision", "bf16");
    // when
    CommandLineRun plain = generateFrom(bf16, "plain");
    CommandLineRun compact = generateFrom(bf16, "compact", "--compact");
    // then
    assertThat(plain.exitCode()).as(plain.err()).isZero();
    assertThat(compact.exitCode()).as(compact.err()).isZero();
    assertSameTensors(folder.resolve("compact"), folder.resolve("plain"));
    // and when
    try (DragAndDrop generator =
        DragAndDrop.builder()
            .encoder(SentenceEncoder.allMiniLmL6V2())
            .decoder(Frozen16BitDecoder.load(bf16, HyperConvPreset.MINILM_L6))
            .target(LoraTargets.MINILM_L6)
            .build()) {
      generator.save(saved);
    }
    CommandLineRun fromDirectory = generateFromGenerator(saved, "directory", "--compact");
    CommandLineRun asFloats = generateFromGenerator(saved, "floats");
    // then
    assertThat(fromDirectory.exitCode()).as(fromDirectory.err()).isZero();
    assertThat(asFloats.exitCode()).as(asFloats.err()).isZero();
    assertSameTensors(folder.resolve("directory"), folder.resolve("plain"));
    assertSameTensors(folder.resolve("floats"), folder.resolve("plain"));
  }

  private CommandLineRun generateFromGenerator(Path directory, String name, String... options) {
    List<Object> arguments = new ArrayList<>(List.of("generate", "--generator", directory));
    arguments.addAll(List.of("--prompts", PROMPTS, "--out", folder.resolve(name)));
    arguments.addAll(List.of(options));
    return dnd(arguments.toArray());
  }

  private CommandLineRun generateFrom(Path decoder, String name, String... options) {
    List<Object> arguments = new ArrayList<>(List.of("generate", "--preset", PRESET));
    arguments.addAll(List.of("--decoder", decoder, "--prompts", PROMPTS));
    arguments.addAll(List.of("--out", folder.resolve(name)));
    arguments.addAll(List.of(options));
    return dnd(arguments.toArray());
  }

  private static void assertSameTensors(Path a, Path b) {
    assertTensors(a, b, 0);
  }

  /** All tensors are the same, but for differences relative to each tensor's largest number. */
  private static void assertTensors(Path a, Path b, double tolerance) {
    try (TensorFile one = TensorFile.open(a.resolve("adapter_model.safetensors"));
        TensorFile other = TensorFile.open(b.resolve("adapter_model.safetensors"))) {
      assertThat(one.tensors()).isEqualTo(other.tensors()).isNotEmpty();
      for (String name : one.tensors().keySet()) {
        try (INDArray x = one.read(name);
            INDArray y = other.read(name)) {
          double largest = x.amaxNumber().doubleValue();
          assertThat(x.subi(y).amaxNumber().doubleValue())
              .as(name)
              .isLessThanOrEqualTo(tolerance * largest);
        }
      }
    }
  }

  @Test
  @DisplayName("generates the same from a saved generator directory, and says what that holds")
  void generateFromDirectory() {
    // given
    Path directory = folder.resolve("generator");
    try (DragAndDrop generator =
        DragAndDrop.builder()
            .encoder(SentenceEncoder.allMiniLmL6V2())
            .decoder(HyperConvDecoder.fresh(HyperConvPreset.MINILM_L6.config(), 0))
            .target(LoraTargets.MINILM_L6)
            .id("a test's generator")
            .build()) {
      generator.save(directory);
    }
    generateUntrained(folder.resolve("expected"));
    // when
    CommandLineRun run =
        dnd(
            "generate",
            "--generator",
            directory,
            "--prompts",
            PROMPTS,
            "--out",
            folder.resolve("adapter"));
    CommandLineRun inspect = dnd("inspect", directory);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertSameTensors(folder.resolve("adapter"), folder.resolve("expected"));
    assertThat(inspect.out())
        .contains("a test's generator")
        .contains("all-MiniLM-L6-v2")
        .contains("(324,10,130)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "log"})
  @DisplayName("turns an adapter into weight tokens and back, with either scale encoding")
  void tokens(String encoding) {
    // given
    Path adapter = folder.resolve("adapter");
    Path tokens = folder.resolve("tokens.safetensors");
    Path back = folder.resolve("back");
    generateUntrained(adapter);
    // when
    CommandLineRun tokenize =
        dnd(
            "tokenize",
            adapter,
            "--out",
            tokens,
            "--tile-width",
            "128",
            "--scale-encoding",
            encoding);
    CommandLineRun detokenize = dnd("detokenize", tokens, "--target", PRESET, "--out", back);
    // then
    assertThat(tokenize.exitCode()).as(tokenize.err()).isZero();
    assertThat(tokenize.out()).contains("[324, 10, 130]");
    assertThat(detokenize.exitCode()).as(detokenize.err()).isZero();
    assertTensors(adapter, back, BF16_STEP);
  }

  @Test
  @DisplayName("takes the target of weight tokens from another adapter of the model")
  void detokenizeLike() {
    // given
    Path adapter = folder.resolve("adapter");
    Path tokens = folder.resolve("tokens.safetensors");
    generateUntrained(adapter);
    dnd("tokenize", adapter, "--out", tokens);
    // when
    CommandLineRun run =
        dnd("detokenize", tokens, "--like", adapter, "--out", folder.resolve("back"));
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertTensors(adapter, folder.resolve("back"), BF16_STEP);
  }

  @Test
  @DisplayName("decodes a raw condition")
  void decode() {
    // given
    Path decoder = folder.resolve("decoder.safetensors");
    Path condition = folder.resolve("condition.safetensors");
    Path out = folder.resolve("out.safetensors");
    dnd("init", "--preset", PRESET, "--out", decoder);
    SafetensorsWriter.write(
        condition, Map.of("condition", Nd4j.rand(2, 16, 32, 384)), TensorType.F32, Map.of());
    // when
    CommandLineRun run =
        dnd(
            "decode",
            "--decoder",
            decoder,
            "--features",
            "(16,32,384) (32,24,160) (96,16,144) (324,10,130)",
            "--kernel",
            "5",
            "--condition",
            condition,
            "--out",
            out);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    try (TensorFile file = TensorFile.open(out)) {
      assertThat(file.tensors().get("output").shape()).containsExactly(2L, 324L, 10L, 130L);
    }
  }

  @Test
  @DisplayName("decodes with 16 bits of each weight as with a bf16 file")
  void decodeCompact() {
    // given
    Path decoder = folder.resolve("decoder.safetensors");
    Path bf16 = folder.resolve("bf16.safetensors");
    Path condition = folder.resolve("condition.safetensors");
    dnd("init", "--preset", PRESET, "--out", decoder);
    dnd("convert", decoder, bf16, "--precision", "bf16");
    SafetensorsWriter.write(
        condition, Map.of("condition", Nd4j.rand(1, 16, 32, 384)), TensorType.F32, Map.of());
    // when
    Path plain = decoded(bf16, condition, "plain");
    Path compact = decoded(bf16, condition, "compact", "--compact");
    // then
    assertThat(compact).hasSameBinaryContentAs(plain);
  }

  private Path decoded(Path decoder, Path condition, String name, String... options) {
    Path out = folder.resolve(name + ".safetensors");
    List<Object> arguments =
        new ArrayList<>(
            List.of("decode", "--preset", PRESET, "--decoder", decoder, "--condition", condition));
    arguments.addAll(List.of("--out", out));
    arguments.addAll(List.of(options));
    CommandLineRun run = dnd(arguments.toArray());
    assertThat(run.exitCode()).as(run.err()).isZero();
    return out;
  }

  @Test
  @DisplayName("converts a file to another precision and says what it holds")
  void convertAndInspect() {
    // given
    Path decoder = folder.resolve("decoder.safetensors");
    Path half = folder.resolve("half.safetensors");
    dnd("init", "--preset", PRESET, "--out", decoder);
    // when
    CommandLineRun convert = dnd("convert", decoder, half, "--precision", "bf16");
    CommandLineRun inspect = dnd("inspect", half);
    // then
    assertThat(convert.exitCode()).as(convert.err()).isZero();
    assertThat(half.toFile().length()).isLessThan(decoder.toFile().length() * 51 / 100);
    assertThat(inspect.out()).contains("27 tensors").contains("BF16 [160, 384, 5, 5]");
  }

  @Test
  @DisplayName("merges an adapter into a file of its base model")
  void merge() {
    // given a base with one weight for each module of the adapter
    Path adapter = folder.resolve("adapter");
    Path base = folder.resolve("base.safetensors");
    Path merged = folder.resolve("merged.safetensors");
    generateUntrained(adapter);
    SafetensorsWriter writer = new SafetensorsWriter();
    LoraTargets.MINILM_L6
        .modules()
        .forEach(
            module ->
                writer.add(
                    "bert." + module.path() + ".weight",
                    Nd4j.rand(module.out(), module.in()),
                    TensorType.BF16));
    writer.write(base);
    // when
    CommandLineRun run =
        dnd("merge", "--base", base, "--adapter", adapter, "--out", merged, "--scale", "0.5");
    CommandLineRun wrong =
        dnd("merge", "--base", adapter, "--adapter", adapter, "--out", folder.resolve("x"));
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("36 tensors merged, 0 copied");
    assertThat(merged).hasSize(base.toFile().length());
    assertThat(wrong.exitCode()).isEqualTo(1);
    assertThat(wrong.err()).startsWith("dnd: ").contains("model.safetensors");
  }

  @Test
  @DisplayName("generates a GGUF adapter, and converts adapters from one form to the other")
  void ggufAdapters() {
    // given
    Path gguf = folder.resolve("adapter.gguf");
    Path peft = folder.resolve("peft");
    Path again = folder.resolve("again.gguf");
    CommandLineRun generated = generateUntrained(gguf);
    assertThat(generated.exitCode()).as(generated.err()).isZero();
    // when
    CommandLineRun toPeft = dnd("convert", gguf, peft);
    CommandLineRun toGguf = dnd("convert", peft, again, "--architecture", "bert");
    CommandLineRun inspect = dnd("inspect", again);
    // then
    assertThat(toPeft.exitCode()).as(toPeft.err()).isZero();
    assertThat(toGguf.exitCode()).as(toGguf.err()).isZero();
    assertThat(again).hasSameBinaryContentAs(gguf);
    assertThat(peft).isDirectoryContaining("glob:**/adapter_config.json");
    assertThat(inspect.out())
        .contains("72 tensors")
        .contains("general.architecture = bert")
        .contains("adapter.lora.alpha = 16.0")
        .contains("dnd4j.prompts = 20")
        .contains("BF16 [8, 384] blk.0.attn_q.weight.lora_a");
  }

  @Test
  @DisplayName("takes a Llama's head size from its configuration")
  void convertsForTheBaseModel() throws IOException {
    // given
    Path peft = folder.resolve("peft");
    Path gguf = folder.resolve("adapter.gguf");
    LoraModule query = new LoraModule("model.layers.0.self_attn.q_proj", 32, 32, 4);
    LoraConfig config = LoraConfig.of(4, 8, "some/model", LoraConfig.CAUSAL_LM);
    RandomAdapter.write(peft, new LoraTarget("llama", config, 32, List.of(query)), 1);
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\":\"llama\",\"hidden_size\":32,\"num_attention_heads\":4}");
    // when
    CommandLineRun unknown = dnd("convert", peft, gguf);
    CommandLineRun known = dnd("convert", peft, gguf, "--base", folder);
    // then
    assertThat(unknown.exitCode()).isEqualTo(1);
    assertThat(unknown.err()).contains("some/model", "--architecture");
    assertThat(known.exitCode()).as(known.err()).isZero();
    assertThat(dnd("inspect", gguf).out()).contains("llama.attention.key_length = 8");
  }

  @Test
  @DisplayName("says what an adapter holds")
  void inspectAdapter() {
    Path adapter = folder.resolve("adapter");
    generateUntrained(adapter);
    CommandLineRun run = dnd("inspect", adapter);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("36 modules, rank 8, 331776 numbers")
        .contains("attention.self.query")
        .contains("dnd4j.prompts = 20");
  }

  @Test
  @DisplayName("computes criterion weights from folders of checkpoints")
  void criterion() {
    // given
    for (int seed = 0; seed < 2; seed++) {
      Path adapter = folder.resolve("set").resolve("step" + seed);
      dnd(
          "generate",
          "--preset",
          PRESET,
          "--untrained",
          "--seed",
          seed,
          "--prompts",
          PROMPTS,
          "--out",
          adapter);
    }
    Path out = folder.resolve("criterion.safetensors");
    // when
    CommandLineRun run =
        dnd("criterion", folder.resolve("set"), "--tile-width", "128", "--out", out);
    // then
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("2 checkpoints").contains("324 tokens");
    try (TensorFile file = TensorFile.open(out);
        INDArray weights = file.read("criterion_weight")) {
      assertThat(weights.meanNumber().doubleValue()).isCloseTo(1, within(1e-4));
    }
  }

  @Nested
  @DisplayName("answers bad input with exit code 1 and one line:")
  class BadInput {

    private void assertRefused(CommandLineRun run, String... parts) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.err().strip().lines()).hasSize(1);
      assertThat(run.err()).startsWith("dnd: ").contains(parts);
    }

    @Test
    @DisplayName("no prompts option")
    void usage() {
      assertRefused(dnd("generate", "--out", "x"), "--prompts", "dnd generate --help");
    }

    @Test
    @DisplayName("an unknown subcommand or option")
    void unknown() {
      assertRefused(dnd("generat"), "generat");
      assertRefused(dnd("init", "--presett", "x", "--out", "y"), "--presett");
    }

    @Test
    @DisplayName("nothing that generates, or two things")
    void noGenerator() {
      assertRefused(dnd("generate", "--prompts", PROMPTS, "--out", "x"), "--generator", "--preset");
      assertRefused(
          dnd(
              "generate",
              "--prompts",
              PROMPTS,
              "--out",
              "x",
              "--generator",
              "g",
              "--preset",
              PRESET),
          "stands alone");
      assertRefused(
          dnd("generate", "--prompts", PROMPTS, "--out", "x", "--shipped", "--untrained"),
          "--shipped stands alone");
      assertRefused(
          dnd(
              "generate",
              "--prompts",
              PROMPTS,
              "--out",
              "x",
              "--preset",
              PRESET,
              "--untrained",
              "--compact"),
          "--compact",
          "--decoder");
      assertRefused(
          dnd("generate", "--prompts", PROMPTS, "--out", "x", "--shipped", "--generator", "g"),
          "choose one");
    }

    @Test
    @DisplayName("an unknown preset, with the names of those that there are")
    void unknownPreset() {
      assertRefused(
          dnd("init", "--preset", "qwen9", "--out", folder.resolve("x")), "qwen9", "qwen2.5-0.5b");
    }

    @Test
    @DisplayName("a missing prompts file")
    void missingPrompts() {
      assertRefused(
          dnd("generate", "--preset", PRESET, "--untrained", "--prompts", "none.txt", "--out", "x"),
          "none.txt");
    }

    @Test
    @DisplayName("a blank prompt, with its number")
    void blankPrompt() throws IOException {
      Path prompts = Files.writeString(folder.resolve("p.json"), "[\"a\", \"  \"]");
      assertRefused(
          dnd(
              "generate",
              "--preset",
              PRESET,
              "--untrained",
              "--prompts",
              prompts,
              "--out",
              folder.resolve("x")),
          "prompt 2 of 2 is blank");
    }

    @Test
    @DisplayName("a truncated decoder file")
    void truncated() throws IOException {
      Path decoder = folder.resolve("decoder.safetensors");
      dnd("init", "--preset", PRESET, "--out", decoder);
      byte[] bytes = Files.readAllBytes(decoder);
      Files.write(decoder, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      assertRefused(
          dnd(
              "generate",
              "--preset",
              PRESET,
              "--decoder",
              decoder,
              "--prompts",
              PROMPTS,
              "--out",
              folder.resolve("x")),
          "decoder.safetensors");
    }

    @Test
    @DisplayName("an output folder below a file")
    void unwritable() throws IOException {
      Path file = Files.writeString(folder.resolve("file"), "");
      assertRefused(generateUntrained(file.resolve("below")), "cannot write");
    }

    @Test
    @DisplayName("a decoder of another shape than the condition")
    void wrongCondition() {
      Path decoder = folder.resolve("decoder.safetensors");
      Path condition = folder.resolve("condition.safetensors");
      dnd("init", "--preset", PRESET, "--out", decoder);
      SafetensorsWriter.write(
          condition, Map.of("condition", Nd4j.rand(1, 16, 32, 300)), TensorType.F32, Map.of());
      assertRefused(
          dnd(
              "decode",
              "--preset",
              PRESET,
              "--decoder",
              decoder,
              "--condition",
              condition,
              "--out",
              folder.resolve("o.safetensors")),
          "[1, 16, 32, 300]",
          "384");
    }

    @Test
    @DisplayName("a folder without checkpoints")
    void noCheckpoints() {
      assertRefused(
          dnd("criterion", folder, "--out", folder.resolve("c.safetensors")),
          "no PEFT directories");
    }

    @Test
    @DisplayName("and shows the stack trace only when asked to")
    void verbose() {
      CommandLineRun run = dnd("inspect", "nowhere", "--verbose");
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(List.of(run.err().split("\n"))).hasSizeGreaterThan(3);
      assertThat(run.err()).contains("at io.github.dnd4j.examples.InspectCommand");
    }
  }
}
