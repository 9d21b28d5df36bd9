package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraTarget;
import io.github.dnd4j.lora.LoraTargets;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.AdapterFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

class GgufFormatTest {

  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final String QWEN = "Qwen/Qwen2.5-0.5B-Instruct";
  private static final LoraConfig CONFIG = LoraConfig.of(4, 8, QWEN, LoraConfig.CAUSAL_LM);

  @TempDir Path folder;

  @Test
  void anAdapterComesBackFromPeftThroughGgufToPeft() {
    Map<String, String> provenance = Map.of("dnd4j.seed", "7", "dnd4j.generator", "ein Gerät");
    Map<String, Integer> ranks = Map.of("model.layers.1.mlp.up_proj", 2);
    LoraConfig config = new LoraConfig(4, 8, false, 0, QWEN, LoraConfig.CAUSAL_LM, ranks, Map.of());
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (String path : List.of(QUERY, "model.layers.0.mlp.up_proj", "model.layers.1.mlp.up_proj")) {
      weights.put(path, pair(config.rankOf(path), 6, 8));
    }
    try (LoraAdapter adapter = new LoraAdapter(config, weights, provenance)) {
      adapter.save(folder.resolve("peft"), WeightPrecision.F32);
      convert(folder.resolve("peft"), folder.resolve("adapter.gguf"), WeightPrecision.F32);
      convert(folder.resolve("adapter.gguf"), folder.resolve("back"), WeightPrecision.F32);

      try (LoraAdapter back = LoraAdapter.load(folder.resolve("back"))) {
        assertThat(back.config()).isEqualTo(adapter.config());
        assertThat(back.modules()).isEqualTo(adapter.modules());
        assertThat(back.metadata()).isEqualTo(provenance);
        assertSameMatrices(back, adapter);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void sixteenBitsAreRoundedAsPeftDirectoriesAre(WeightPrecision precision) {
    try (LoraAdapter adapter = adapter(CONFIG, QUERY, 6, 8)) {
      adapter.save(folder.resolve("peft"), precision);
      adapter.save(folder.resolve("adapter.gguf"), precision);

      try (LoraAdapter expected = LoraAdapter.load(folder.resolve("peft"));
          LoraAdapter read = LoraAdapter.load(folder.resolve("adapter.gguf"));
          TensorFile file = TensorFile.open(folder.resolve("adapter.gguf"))) {
        assertSameMatrices(read, expected);
        assertThat(file.tensors().values())
            .allSatisfy(info -> assertThat(info.type()).isEqualTo(TensorType.of(precision)));
      }
    }
  }

  @Test
  void theFileHasWhatLlamaCppAsksFor() {
    try (LoraAdapter adapter = adapter(CONFIG, QUERY, 6, 8)) {
      adapter.save(folder.resolve("adapter.gguf"), WeightPrecision.F16);
    }

    try (TensorFile file = TensorFile.open(folder.resolve("adapter.gguf"))) {
      assertThat(file.metadata())
          .containsOnly(
              Map.entry("general.architecture", "qwen2"),
              Map.entry("general.type", "adapter"),
              Map.entry("general.name", "Qwen2.5-0.5B-Instruct LoRA"),
              Map.entry("general.base_model.count", "1"),
              Map.entry("general.base_model.0.name", "Qwen2.5-0.5B-Instruct"),
              Map.entry("general.base_model.0.organization", "Qwen"),
              Map.entry("general.base_model.0.repo_url", "https://huggingface.co/" + QWEN),
              Map.entry("general.file_type", "1"),
              Map.entry("adapter.type", "lora"),
              Map.entry("adapter.lora.alpha", "8.0"));
      assertThat(file.tensors().values())
          .containsExactly(
              new TensorInfo("blk.0.attn_q.weight.lora_a", TensorType.F16, List.of(4L, 6L)),
              new TensorInfo("blk.0.attn_q.weight.lora_b", TensorType.F16, List.of(8L, 4L)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.3.self_attn.q_proj,          qwen2, blk.3.attn_q",
    "model.layers.3.self_attn.k_proj,          qwen2, blk.3.attn_k",
    "model.layers.3.self_attn.v_proj,          qwen2, blk.3.attn_v",
    "model.layers.3.self_attn.o_proj,          qwen2, blk.3.attn_output",
    "model.layers.23.mlp.gate_proj,            qwen2, blk.23.ffn_gate",
    "model.layers.23.mlp.up_proj,            llama:2, blk.23.ffn_up",
    "model.layers.23.mlp.down_proj,          qwen2vl, blk.23.ffn_down",
    "encoder.layer.5.attention.self.query,      bert, blk.5.attn_q",
    "encoder.layer.5.attention.self.key,        bert, blk.5.attn_k",
    "encoder.layer.5.attention.self.value,      bert, blk.5.attn_v",
    "encoder.layer.5.attention.output.dense,    bert, blk.5.attn_output",
    "encoder.layer.5.intermediate.dense,        bert, blk.5.ffn_up",
    "encoder.layer.5.output.dense,              bert, blk.5.ffn_down"
  })
  void modulesHaveTheNamesOfLlamaCpp(String path, String architecture, String name) {
    GgufArchitecture known = GgufArchitecture.of(architecture);

    assertThat(known).hasToString(architecture);
    assertThat(known.tensorOf(path)).hasValue(name + ".weight");
    assertThat(known.pathOf(name + ".weight")).hasValue(path);
  }

  @ParameterizedTest
  @CsvSource({
    "Qwen/Qwen2.5-0.5B-Instruct, qwen2",
    "Qwen/Qwen1.5-4B,            qwen2",
    "Qwen/Qwen2.5-VL-3B-Instruct, qwen2vl",
    "meta-llama/Llama-3.2-1B,    llama"
  })
  void theArchitectureIsToldByTheBaseModel(String base, String architecture) {
    String path = "model.layers.0.mlp.up_proj";
    LoraConfig config = LoraConfig.of(4, 8, base, LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter = adapter(config, path, 6, 8)) {
      adapter.save(folder.resolve("adapter.gguf"));
    }

    try (TensorFile file = TensorFile.open(folder.resolve("adapter.gguf"))) {
      assertThat(file.metadata()).containsEntry("general.architecture", architecture);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "someone/model, someone/model",
    "me/llama-of-qwen2, qwen2",
    "Qwen/Qwen3-8B, Qwen3"
  })
  void anUnknownBaseModelNeedsAChoice(String base, String named) {
    LoraConfig config = LoraConfig.of(4, 8, base, LoraConfig.CAUSAL_LM);
    Path file = folder.resolve("adapter.gguf");
    try (LoraAdapter adapter = adapter(config, QUERY, 6, 8)) {
      assertThatThrownBy(() -> adapter.save(file))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(
              "'" + base, named, "GgufFormat.forArchitecture", "--architecture");
      assertThat(file).doesNotExist();

      GgufFormat.forArchitecture(GgufArchitecture.QWEN2).write(adapter, file, WeightPrecision.F32);
    }

    // The choice travels with the adapter, so that it need not be made again.
    try (LoraAdapter read = LoraAdapter.load(file)) {
      assertThat(read.config().baseModel()).isEqualTo(base);
      assertThat(read.metadata()).containsEntry("gguf.architecture", "qwen2");
      read.save(folder.resolve("peft"));
    }
    convert(folder.resolve("peft"), folder.resolve("again.gguf"), WeightPrecision.F32);
    try (TensorFile again = TensorFile.open(folder.resolve("again.gguf"))) {
      assertThat(again.metadata()).containsEntry("general.architecture", "qwen2");
    }
  }

  @Test
  void aLlamaNeedsItsHeadSize() {
    LoraConfig config = LoraConfig.of(4, 8, "meta-llama/Llama-3.2-1B", LoraConfig.CAUSAL_LM);
    Path file = folder.resolve("adapter.gguf");
    try (LoraAdapter adapter = adapter(config, QUERY, 6, 8)) {
      assertThatThrownBy(() -> adapter.save(file))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(QUERY, "head size", "GgufArchitecture.llama(64)", "llama:64");
      assertThatThrownBy(() -> write(adapter, GgufArchitecture.llama(6), file))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContainingAll(QUERY, "8 rows", "head size 6");
      write(adapter, GgufArchitecture.llama(4), file);

      try (LoraAdapter read = LoraAdapter.load(file)) {
        assertThat(read.metadata()).containsEntry("gguf.architecture", "llama:4");
        assertSameMatrices(read, adapter);
      }
    }
  }

  @Test
  void aLlamasQueryRowsTakeTurns() {
    float[] rows = {0, 1, 2, 3, 4, 5, 6, 7};
    LoraConfig config = LoraConfig.of(1, 8, "llama", LoraConfig.CAUSAL_LM);
    Path file = folder.resolve("adapter.gguf");
    LoraWeights pair = new LoraWeights(matrix(1, 6), HostFloats.toTensor(rows, 8, 1));
    try (LoraAdapter adapter = new LoraAdapter(config, Map.of(QUERY, pair), Map.of())) {
      write(adapter, GgufArchitecture.llama(4), file);
    }

    try (TensorFile tensors = TensorFile.open(file);
        INDArray b = tensors.read("blk.0.attn_q.weight.lora_b")) {
      assertThat(HostFloats.toArray(b)).containsExactly(0, 2, 1, 3, 4, 6, 5, 7);
    }
  }

  @Test
  void aRankStabilizedAdapterKeepsItsMatricesAndItsScale() {
    LoraConfig config =
        new LoraConfig(6, 9, true, 0.1, QWEN, LoraConfig.CAUSAL_LM, Map.of(), Map.of());
    try (LoraAdapter adapter = adapter(config, QUERY, 6, 8)) {
      adapter.save(folder.resolve("adapter.gguf"), WeightPrecision.F32);

      try (LoraAdapter read = LoraAdapter.load(folder.resolve("adapter.gguf"))) {
        assertSameMatrices(read, adapter);
        assertThat(read.config().rankStabilized()).isFalse();
        assertSameChange(read, adapter);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"8", "0", "-3.5", "1e300", "1e-300"})
  void alphasAndRanksOfSingleModulesKeepTheirScales(double alpha) {
    String[] paths = {QUERY, QUERY.replace("q_proj", "k_proj"), "model.layers.7.mlp.up_proj"};
    for (boolean rankStabilized : new boolean[] {false, true}) {
      LoraConfig config =
          new LoraConfig(
              4,
              alpha,
              rankStabilized,
              0,
              QWEN,
              LoraConfig.CAUSAL_LM,
              Map.of("k_proj", 3),
              Map.of("up_proj", 5.0));
      Map<String, LoraWeights> weights = new LinkedHashMap<>();
      for (String path : paths) {
        weights.put(path, pair(config.rankOf(path), 6, 8));
      }
      try (LoraAdapter adapter = new LoraAdapter(config, weights, Map.of())) {
        adapter.save(folder.resolve("adapter.gguf"), WeightPrecision.F32);

        try (LoraAdapter read = LoraAdapter.load(folder.resolve("adapter.gguf"))) {
          assertThat(read.modules()).isEqualTo(adapter.modules());
          if (Math.abs(alpha) < 1e100) {
            assertSameChange(read, adapter);
          }
        }
      }
    }
  }

  @Test
  void withoutAnAlphaNothingIsScaled() {
    Path file = folder.resolve("adapter.gguf");
    plainFile(
        writer ->
            writer
                .put("general.architecture", "qwen2")
                .put("general.type", "adapter")
                .put("adapter.type", "lora")
                .add("blk.0.ffn_up.weight.lora_a", matrix(2, 6), TensorType.F32)
                .add("blk.0.ffn_up.weight.lora_b", matrix(8, 2), TensorType.F32)
                .add("blk.1.ffn_up.weight.lora_a", matrix(3, 6), TensorType.F32)
                .add("blk.1.ffn_up.weight.lora_b", matrix(8, 3), TensorType.F32),
        file);

    try (LoraAdapter read = LoraAdapter.load(file)) {
      assertThat(read.modules())
          .allSatisfy(module -> assertThat(read.config().scaleOf(module)).isEqualTo(1));
    }
  }

  static Stream<Arguments> brokenAdapters() {
    return Stream.of(
        broken("is 'model': this is no adapter", w -> w.put("general.type", "model")),
        broken("is 'model': this is no adapter", w -> {}),
        broken("general.type must be a text", w -> w.put("general.type", 3)),
        broken("adapter.type is ''", w -> w.put("general.type", "adapter")),
        broken("'control'", w -> w.put("general.type", "adapter").put("adapter.type", "control")),
        broken("general.architecture is ''", w -> kind(w)),
        broken("'mamba', whose modules", w -> kind(w).put("general.architecture", "mamba")),
        broken("alora.invocation_tokens", w -> qwen(w).put("adapter.alora.invocation_tokens", 1)),
        broken(
            "must be a finite FLOAT32",
            w -> pair(qwen(w).put("adapter.lora.alpha", 16), 4, 6, 8, 4)),
        broken(
            "the FLOAT32 NaN", w -> pair(qwen(w).put("adapter.lora.alpha", Float.NaN), 4, 6, 8, 4)),
        broken("holds no LoRA tensors", GgufFormatTest::qwen),
        broken("'blk.0.attn_q.weight' is not expected", w -> add(qwen(w), "attn_q.weight", 4, 6)),
        broken("is of no module", w -> add(qwen(w), "attn_x.weight.lora_a", 4, 6)),
        broken("no partner lora_B", w -> add(qwen(w), "attn_q.weight.lora_a", 4, 6)),
        broken("no partner lora_A", w -> add(qwen(w), "attn_q.weight.lora_b", 4, 6)),
        broken(
            "lora_b' has the shape [8, 3], but lora_A has the shape [4, 6]",
            w -> pair(qwen(w), 4, 6, 8, 3)),
        broken("must be a matrix", GgufFormatTest::vectors),
        broken("head size", w -> pair(llama(w), 4, 6, 8, 4)),
        broken(
            "an even UINT32", w -> pair(llama(w).put("llama.attention.key_length", 7), 4, 6, 8, 4)),
        broken(
            "no multiple of the head size 6",
            w -> pair(llama(w).put("llama.attention.key_length", 6), 4, 6, 8, 4)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenAdapters")
  void whatIsNoAdapterIsRefused(String message, Consumer<GgufWriter> content) {
    Path file = folder.resolve("adapter.gguf");
    plainFile(content, file);

    assertThatThrownBy(() -> LoraAdapter.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), message);
  }

  @Test
  void anAdapterOfAnotherArchitectureThanAskedForIsRefused() {
    Path file = folder.resolve("adapter.gguf");
    plainFile(w -> pair(qwen(w), 4, 6, 8, 4), file);

    assertThatThrownBy(() -> GgufFormat.forArchitecture(GgufArchitecture.llama(4)).read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(file.toString(), "'qwen2', but llama was asked for");
  }

  @Test
  void modulesWithoutANameInGgufAreRefused() {
    Path file = folder.resolve("adapter.gguf");
    for (String path : List.of("lm_head", "model.layers.0.block_sparse_moe.gate", "visual.x")) {
      try (LoraAdapter adapter = adapter(CONFIG, path, 6, 8)) {
        assertThatThrownBy(() -> adapter.save(file))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContainingAll(path, "qwen2");
      }
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void metadataThatIsNoKeyIsRefusedAndNothingIsLeftBehind() {
    try (LoraAdapter adapter =
        new LoraAdapter(CONFIG, Map.of(QUERY, pair(4, 6, 8)), Map.of("größe", "1"))) {
      assertThatThrownBy(() -> adapter.save(folder.resolve("adapter.gguf")))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("größe", "ASCII");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void otherTextsOfAFileBecomeMetadataAndBack() {
    Path file = folder.resolve("adapter.gguf");
    plainFile(
        w ->
            pair(qwen(w).put("general.name", "mine").put("general.tags", List.of("x")), 4, 6, 8, 4),
        file);

    convert(file, folder.resolve("again.gguf"), WeightPrecision.F32);

    try (LoraAdapter read = LoraAdapter.load(file);
        LoraAdapter again = LoraAdapter.load(folder.resolve("again.gguf"))) {
      assertThat(read.metadata())
          .containsOnly(Map.entry("general.name", "mine"), Map.entry("gguf.architecture", "qwen2"));
      assertThat(again.metadata()).isEqualTo(read.metadata());
    }
  }

  @Test
  void theSameAdapterGivesTheSameBytes() throws IOException {
    try (LoraAdapter adapter = adapter(CONFIG, QUERY, 6, 8)) {
      adapter.save(folder.resolve("one.gguf"));
      adapter.save(folder.resolve("two.gguf"));
    }

    assertThat(Files.mismatch(folder.resolve("one.gguf"), folder.resolve("two.gguf")))
        .isEqualTo(-1);
  }

  @Test
  void theTargetsThatAreKnownByNameHaveGgufNames() {
    for (LoraTarget target : LoraTargets.all()) {
      GgufArchitecture architecture =
          GgufArchitecture.deduce(target.config().baseModel(), target.modules()).orElseThrow();

      assertThat(target.modules())
          .allSatisfy(module -> assertThat(architecture.tensorOf(module.path())).isPresent());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'model_type':'qwen2','hidden_size':896,'num_attention_heads':14      | qwen2",
        "'model_type':'qwen2_5_vl'                                            | qwen2vl",
        "'model_type':'bert'                                                  | bert",
        "'model_type':'llama','hidden_size':2048,'num_attention_heads':32     | llama:64",
        "'model_type':'llama','hidden_size':3072,'head_dim':128               | llama:128"
      })
  void aModelsConfigurationTellsItsArchitecture(String fields, String expected) throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, ("{" + fields + "}").replace('\'', '"'));

    assertThat(GgufArchitecture.ofModel(config)).hasToString(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'model_type':'mamba'                                             | \"mamba\"",
        "'model_type':'llama','hidden_size':10,'num_attention_heads':3    | 3 attention heads",
        "'model_type':'llama','hidden_size':10                            | num_attention_heads",
        "'hidden_size':10                                                 | model_type"
      })
  void aConfigurationOfAnotherModelIsRefused(String fields, String message) throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, ("{" + fields + "}").replace('\'', '"'));

    assertThatThrownBy(() -> GgufArchitecture.ofModel(config))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(config.toString(), message);
  }

  @ParameterizedTest
  @CsvSource({"gpt2", "qwen2:64", "llama:", "llama:7", "llama:0", "LLAMA", "''"})
  void whatNamesNoArchitectureIsRefused(String text) {
    assertThatThrownBy(() -> GgufArchitecture.of(text)).isInstanceOf(InvalidInputException.class);
  }

  @Test
  void theFormatIsFoundByNameAndEnding() {
    assertThat(AdapterFormat.named("gguf")).isInstanceOf(GgufFormat.class);
    assertThat(AdapterFormat.named("peft")).isInstanceOf(PeftFormat.class);
    assertThatThrownBy(() -> AdapterFormat.named("zip"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("zip", "peft", "gguf");
    assertThat(AdapterFormat.forDestination(Path.of("a", "b.GGUF"))).isInstanceOf(GgufFormat.class);
    assertThat(AdapterFormat.forDestination(Path.of("gguf"))).isInstanceOf(PeftFormat.class);
  }

  private static Arguments broken(String message, Consumer<GgufWriter> content) {
    return Arguments.of(message, content);
  }

  private static GgufWriter kind(GgufWriter writer) {
    return writer.put("general.type", "adapter").put("adapter.type", "lora");
  }

  private static GgufWriter qwen(GgufWriter writer) {
    return kind(writer).put("general.architecture", "qwen2");
  }

  private static GgufWriter llama(GgufWriter writer) {
    return kind(writer).put("general.architecture", "llama");
  }

  private static GgufWriter add(GgufWriter writer, String name, int rows, int columns) {
    return writer.add("blk.0." + name, matrix(rows, columns), TensorType.F32);
  }

  private static void pair(GgufWriter writer, int a0, int a1, int b0, int b1) {
    add(writer, "attn_q.weight.lora_a", a0, a1);
    add(writer, "attn_q.weight.lora_b", b0, b1);
  }

  private static void vectors(GgufWriter writer) {
    qwen(writer)
        .add("blk.0.attn_q.weight.lora_a", HostFloats.toTensor(new float[4], 4), TensorType.F32);
    add(writer, "attn_q.weight.lora_b", 8, 4);
  }

  private static void plainFile(Consumer<GgufWriter> content, Path file) {
    GgufWriter writer = new GgufWriter();
    content.accept(writer);
    writer.write(file);
  }

  private static void write(LoraAdapter adapter, GgufArchitecture architecture, Path file) {
    GgufFormat.forArchitecture(architecture).write(adapter, file, WeightPrecision.F32);
  }

  private static void convert(Path from, Path to, WeightPrecision precision) {
    try (LoraAdapter adapter = LoraAdapter.load(from)) {
      adapter.save(to, precision);
    }
  }

  /** An adapter of one module. */
  static LoraAdapter adapter(LoraConfig config, String path, int in, int out) {
    return new LoraAdapter(config, Map.of(path, pair(config.rank(), in, out)), Map.of());
  }

  private static LoraWeights pair(int rank, int in, int out) {
    return new LoraWeights(matrix(rank, in), matrix(out, rank));
  }

  private static INDArray matrix(int rows, int columns) {
    Random random = new Random(rows * 100L + columns);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return HostFloats.toTensor(values, rows, columns);
  }

  private static void assertSameMatrices(LoraAdapter actual, LoraAdapter expected) {
    for (LoraModule module : expected.modules()) {
      LoraWeights pair = actual.weights(module.path());
      LoraWeights other = expected.weights(module.path());
      assertThat(HostFloats.toArray(pair.a())).isEqualTo(HostFloats.toArray(other.a()));
      assertThat(HostFloats.toArray(pair.b())).isEqualTo(HostFloats.toArray(other.b()));
    }
  }

  /** dW is the same but for a rounding of the scale or of B's elements. */
  private static void assertSameChange(LoraAdapter actual, LoraAdapter expected) {
    for (LoraModule module : expected.modules()) {
      float[] change = change(actual, module);
      float[] other = change(expected, module);
      for (int i = 0; i < change.length; i++) {
        assertThat(change[i]).isCloseTo(other[i], within(4e-7f * (20 + Math.abs(other[i]))));
      }
    }
  }

  private static float[] change(LoraAdapter adapter, LoraModule module) {
    LoraWeights pair = adapter.weights(module.path());
    try (INDArray product = pair.b().mmul(pair.a())) {
      return HostFloats.toArray(product.muli(adapter.config().scaleOf(module)));
    }
  }
}
