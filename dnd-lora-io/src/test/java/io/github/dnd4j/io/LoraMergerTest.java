package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dnd4j.DragAndDropException;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.ShapeMismatchException;
import io.github.dnd4j.internal.HalfPrecision;
import io.github.dnd4j.internal.HostFloats;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@DisplayName("Merging an adapter into its base")
class LoraMergerTest {

  private static final String Q = "model.layers.0.self_attn.q_proj";
  private static final String UP = "model.layers.0.mlp.up_proj";

  @TempDir private Path folder;

  /** Random A and B; rank-stabilized, with another rank and alpha for up_proj. */
  private static LoraAdapter adapter(int rank) {
    LoraConfig config =
        new LoraConfig(
            rank,
            16,
            true,
            0,
            "base",
            LoraConfig.CAUSAL_LM,
            Map.of("up_proj", rank + 1),
            Map.of("up_proj", 5.0));
    return adapter(config, new LoraModule(Q, 48, 32, rank), new LoraModule(UP, 48, 80, rank + 1));
  }

  private static LoraAdapter adapter(LoraConfig config, LoraModule... modules) {
    Random random = new Random(1);
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    for (LoraModule module : modules) {
      weights.put(
          module.path(),
          new LoraWeights(
              random(random, module.rank(), module.in()),
              random(random, module.out(), module.rank())));
    }
    return new LoraAdapter(config, weights, Map.of());
  }

  private static LoraAdapter plain(String path, int in, int out) {
    return adapter(
        LoraConfig.of(2, 4, "base", LoraConfig.CAUSAL_LM), new LoraModule(path, in, out, 2));
  }

  private static INDArray random(Random random, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.05 * random.nextGaussian());
    }
    return HostFloats.toTensor(values, rows, columns);
  }

  /** A base with both modules of the adapter, and what it does not change around them. */
  private Path base(TensorType type) {
    Random random = new Random(7);
    Path file = folder.resolve("base-" + type + ".safetensors");
    new SafetensorsWriter()
        .add("model.embed_tokens.weight", random(random, 100, 48), type)
        .add(Q + ".weight", random(random, 32, 48), type)
        .add(Q + ".bias", random(random, 1, 32), type)
        .add("position_ids", Nd4j.createFromArray(1L, 2L, 3L), TensorType.I64)
        .add(UP + ".weight", random(random, 80, 48), type)
        .add("empty", Nd4j.create(org.nd4j.linalg.api.buffer.DataType.FLOAT, 0, 4), TensorType.F32)
        .metadata(Map.of("format", "pt"))
        .write(file);
    return file;
  }

  private static float[] read(Path file, String name) {
    try (TensorFile open = TensorFile.open(file);
        INDArray tensor = open.read(name)) {
      return HostFloats.toArray(tensor);
    }
  }

  /** {@code W + factor * scale * B @ A} by the definition, in double precision. */
  private static double[] expected(Path base, LoraAdapter adapter, String path, double factor) {
    LoraModule module =
        adapter.modules().stream().filter(m -> m.path().equals(path)).findFirst().orElseThrow();
    float[] weight = read(base, path + ".weight");
    float[] a = HostFloats.toArray(adapter.weights(path).a());
    float[] b = HostFloats.toArray(adapter.weights(path).b());
    double scale = factor * adapter.config().scaleOf(module);
    double[] sums = new double[weight.length];
    for (int i = 0; i < sums.length; i++) {
      double product = 0;
      for (int k = 0; k < module.rank(); k++) {
        product +=
            (double) b[i / module.in() * module.rank() + k] * a[k * module.in() + i % module.in()];
      }
      sums[i] = weight[i] + scale * product;
    }
    return sums;
  }

  /** The number of a type next to one, up or down. */
  private static float next(TensorType type, float value, int direction) {
    return switch (type) {
      case F32 -> direction > 0 ? Math.nextUp(value) : Math.nextDown(value);
      case F16 -> {
        int step = value > 0 ? direction : -direction;
        yield HalfPrecision.halfToFloat((short) (HalfPrecision.floatToHalf(value) + step));
      }
      default -> {
        int step = value > 0 ? direction : -direction;
        yield HalfPrecision.bfloat16ToFloat((short) (HalfPrecision.floatToBfloat16(value) + step));
      }
    };
  }

  @Test
  @DisplayName("takes the adapter from its files as well, with the same result and the same checks")
  void fromFiles() throws IOException {
    // given
    Path base = base(TensorType.BF16);
    Path files = folder.resolve("adapter");
    Path once = folder.resolve("once.safetensors");
    Path again = folder.resolve("again.safetensors");
    try (LoraAdapter adapter = adapter(8)) {
      adapter.save(files, WeightPrecision.F32);
      LoraMerger.of(adapter).merge(base, once);
    }
    // when
    MergeSummary summary = LoraMerger.of(files).merge(base, again);
    // then
    assertThat(summary.mergedTensors()).isEqualTo(2);
    assertThat(again).hasSameBinaryContentAs(once);
    // given a configuration of another rank
    Path config = files.resolve("adapter_config.json");
    Files.writeString(config, Files.readString(config).replace("\"r\" : 8", "\"r\" : 4"));
    // then
    assertThatThrownBy(() -> LoraMerger.of(files).merge(base, again))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("lora_A.weight' has the shape")
        .hasMessageContaining("rank 4");
    assertThatThrownBy(() -> LoraMerger.of(folder.resolve("none")).merge(base, again))
        .isInstanceOf(DragAndDropException.class)
        .hasMessageContaining("none");
    assertThat(again).as("is as it was").hasSameBinaryContentAs(once);
  }

  @ParameterizedTest
  @CsvSource({"F32, 1", "F32, 8", "F16, 8", "BF16, 1", "BF16, 8", "BF16, 64"})
  @DisplayName("gives the numbers of the base's type that are nearest to W + scale B A")
  void isNearest(TensorType type, int rank) {
    // given
    Path base = base(type);
    Path out = folder.resolve("merged.safetensors");
    try (LoraAdapter adapter = adapter(rank)) {
      // when
      MergeSummary summary = LoraMerger.of(adapter).scale(0.75).merge(base, out);
      // then
      for (String path : List.of(Q, UP)) {
        float[] merged = read(out, path + ".weight");
        double[] exact = expected(base, adapter, path, 0.75);
        for (int i = 0; i < exact.length; i++) {
          double error = Math.abs(merged[i] - exact[i]);
          double above = Math.abs(next(type, merged[i], 1) - exact[i]);
          double below = Math.abs(next(type, merged[i], -1) - exact[i]);
          // Sums of another order differ by a rounding of a double.
          assertThat(error).isLessThanOrEqualTo(Math.min(above, below) + 1e-16);
        }
        assertThat(merged).isNotEqualTo(read(base, path + ".weight"));
      }
      assertThat(summary.mergedTensors()).isEqualTo(2);
      assertThat(summary.copiedTensors()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  @DisplayName("leaves every other byte of the file as it is, and all of them with a scale of zero")
  void copiesTheRest(TensorType type) throws IOException {
    // given
    Path base = base(type);
    Path out = folder.resolve("merged.safetensors");
    Path same = folder.resolve("same.safetensors");
    try (LoraAdapter adapter = adapter(4)) {
      // when
      MergeSummary summary = LoraMerger.of(adapter).merge(base, out);
      LoraMerger.of(adapter).scale(0).merge(base, same);
      // then
      assertThat(same).hasSameBinaryContentAs(base);
      assertThat(summary.bytes()).isEqualTo(Files.size(base));
      byte[] before = Files.readAllBytes(base);
      byte[] after = Files.readAllBytes(out);
      try (SafetensorsFile open = SafetensorsFile.open(base)) {
        // what was merged is taken out of both
        for (String path : List.of(Q, UP)) {
          int from = Math.toIntExact(open.position(path + ".weight"));
          int to = from + Math.toIntExact(open.tensors().get(path + ".weight").bytes());
          java.util.Arrays.fill(before, from, to, (byte) 0);
          java.util.Arrays.fill(after, from, to, (byte) 0);
        }
      }
      assertThat(after).isEqualTo(before);
    }
  }

  @Test
  @DisplayName("works through weights that are larger than a block, in order or not")
  void manyBlocks() {
    // given rows of 1000 and, wider than a whole block, of 200000 numbers
    Random random = new Random(3);
    Path base = folder.resolve("large.safetensors");
    new SafetensorsWriter()
        .add("tall.weight", random(random, 1500, 1000), TensorType.BF16)
        .add("wide.weight", random(random, 3, 200_000), TensorType.F32)
        .write(base);
    Path out = folder.resolve("merged.safetensors");
    List<Long> progress = new ArrayList<>();
    try (LoraAdapter adapter =
        adapter(
            LoraConfig.of(3, 6, "base", LoraConfig.CAUSAL_LM),
            new LoraModule("tall", 1000, 1500, 3),
            new LoraModule("wide", 200_000, 3, 3))) {
      // when
      LoraMerger.of(adapter).listener((done, total) -> progress.add(done)).merge(base, out);
      // then
      assertClose(read(out, "wide.weight"), expected(base, adapter, "wide", 1), 0x1p-24);
      assertClose(read(out, "tall.weight"), expected(base, adapter, "tall", 1), 0x1p-8);
      assertThat(progress).isSorted().startsWith(0L).endsWith(out.toFile().length());
    }
  }

  private static void assertClose(float[] actual, double[] expected, double relative) {
    for (int i = 0; i < actual.length; i++) {
      double allowed = relative * Math.abs(expected[i]) + 1e-15;
      if (Math.abs(actual[i] - expected[i]) > allowed) {
        assertThat((double) actual[i]).as("number %d", i).isEqualTo(expected[i]);
      }
    }
  }

  @Nested
  @DisplayName("rounds once, to the nearest, ties to even")
  class Rounding {

    /** One weight, one change, by rank 1 and scale 1. */
    private float merged(TensorType type, float weight, float change) {
      Path base = folder.resolve("one.safetensors");
      new SafetensorsWriter()
          .add("x.weight", HostFloats.toTensor(new float[] {weight}, 1, 1), type)
          .write(base);
      Path out = folder.resolve("merged.safetensors");
      LoraConfig config = LoraConfig.of(1, 1, "base", LoraConfig.CAUSAL_LM);
      LoraWeights weights =
          new LoraWeights(
              HostFloats.toTensor(new float[] {1}, 1, 1),
              HostFloats.toTensor(new float[] {change}, 1, 1));
      try (LoraAdapter adapter = new LoraAdapter(config, Map.of("x", weights), Map.of())) {
        LoraMerger.of(adapter).merge(base, out);
      }
      return read(out, "x.weight")[0];
    }

    @Test
    @DisplayName("for bfloat16, whose numbers after 1 are 2^-7 apart")
    void bfloat16() {
      float half = 0x1p-8f;
      float step = 0x1p-7f;
      assertThat(merged(TensorType.BF16, 1, half)).isEqualTo(1);
      assertThat(merged(TensorType.BF16, 1 + step, half)).isEqualTo(1 + 2 * step);
      assertThat(merged(TensorType.BF16, -1, -half)).isEqualTo(-1);
      // a hair above the tie, which a rounding to float32 on the way would put upon it
      assertThat(merged(TensorType.BF16, 1, Math.nextUp(half))).isEqualTo(1 + step);
      assertThat(merged(TensorType.BF16, -1, -Math.nextUp(half))).isEqualTo(-1 - step);
      assertThat(merged(TensorType.BF16, 1 + step, Math.nextDown(half))).isEqualTo(1 + step);
    }

    @Test
    @DisplayName("for half precision, subnormal numbers among them")
    void half() {
      float half = 0x1p-11f;
      assertThat(merged(TensorType.F16, 1, half)).isEqualTo(1);
      assertThat(merged(TensorType.F16, 1, Math.nextUp(half))).isEqualTo(1 + 0x1p-10f);
      assertThat(merged(TensorType.F16, 0x1p-24f, 0x1p-25f)).isEqualTo(0x1p-23f);
      assertThat(merged(TensorType.F16, 0, 0x1p-25f)).isZero();
    }

    @Test
    @DisplayName("and refuses what would become infinite; what is so already stays")
    void overflow() {
      assertThat(merged(TensorType.F16, 65504, 15.9f)).isEqualTo(65504);
      assertThatThrownBy(() -> merged(TensorType.F16, 65504, 16))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContainingAll("'x.weight'", "65520", "F16");
      assertThatThrownBy(() -> merged(TensorType.F32, Float.MAX_VALUE, Float.MAX_VALUE))
          .isInstanceOf(DragAndDropException.class);
      assertThat(merged(TensorType.BF16, Float.POSITIVE_INFINITY, 1))
          .isEqualTo(Float.POSITIVE_INFINITY);
      assertThat(merged(TensorType.F16, Float.NaN, 1)).isNaN();
      assertThatThrownBy(() -> merged(TensorType.F32, 1, Float.NaN))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("x.lora_B", "NaN");
    }
  }

  @Nested
  @DisplayName("finds the weight of a module")
  class Names {

    private void merge(String module, String... tensors) {
      Random random = new Random(1);
      Path base = folder.resolve("names.safetensors");
      SafetensorsWriter writer = new SafetensorsWriter();
      for (String tensor : tensors) {
        writer.add(tensor, random(random, 4, 6), TensorType.F32);
      }
      writer.write(base);
      try (LoraAdapter adapter = plain(module, 6, 4)) {
        LoraMerger.of(adapter).merge(base, folder.resolve("merged.safetensors"));
      }
    }

    @ParameterizedTest
    @CsvSource({
      "model.layers.0.q, model.layers.0.q.weight",
      "layers.0.q, model.layers.0.q.weight",
      "model.layers.0.q, layers.0.q.weight",
      "model.layers.0.q, base_model.model.model.layers.0.q.weight",
      "bert.encoder.layer.0.q, encoder.layer.0.q.weight",
      "encoder.layer.0.q, bert.encoder.layer.0.q.weight"
    })
    @DisplayName("whether either name has a prefix or not")
    void prefixes(String module, String tensor) {
      merge(module, tensor);
      assertThat(read(folder.resolve("merged.safetensors"), tensor))
          .isNotEqualTo(read(folder.resolve("names.safetensors"), tensor));
    }

    @Test
    @DisplayName("by its exact name first")
    void exact() {
      merge("encoder.q", "bert.encoder.q.weight", "encoder.q.weight");
      Path base = folder.resolve("names.safetensors");
      Path merged = folder.resolve("merged.safetensors");
      assertThat(read(merged, "encoder.q.weight")).isNotEqualTo(read(base, "encoder.q.weight"));
      assertThat(read(merged, "bert.encoder.q.weight"))
          .isEqualTo(read(base, "bert.encoder.q.weight"));
    }

    @Test
    @DisplayName("or refuses, before anything is written")
    void refusals() {
      assertThatThrownBy(() -> merge("layers.0.q", "layers.1.q.weight", "x.layers.0.q.weight"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("layers.0.q", "names.safetensors", "no tensor");
      assertThatThrownBy(() -> merge("q", "bert.q.weight", "model.q.weight"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("several", "bert.q.weight", "model.q.weight");
      assertThat(folder.resolve("merged.safetensors")).doesNotExist();
    }

    @Test
    @DisplayName("or refuses two modules that would share it")
    void twoOfOne() {
      Path base = folder.resolve("names.safetensors");
      new SafetensorsWriter()
          .add("q.weight", random(new Random(1), 4, 6), TensorType.F32)
          .write(base);
      try (LoraAdapter adapter =
          adapter(
              LoraConfig.of(2, 4, "base", LoraConfig.CAUSAL_LM),
              new LoraModule("q", 6, 4, 2),
              new LoraModule("model.q", 6, 4, 2))) {
        assertThatThrownBy(
                () -> LoraMerger.of(adapter).merge(base, folder.resolve("m.safetensors")))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContainingAll("model.q", "both", "'q.weight'");
      }
    }
  }

  @Test
  @DisplayName("refuses weights of another shape or type, and to write upon the base")
  void refusals() {
    Path base = folder.resolve("base.safetensors");
    Path out = folder.resolve("merged.safetensors");
    new SafetensorsWriter()
        .add("q.weight", random(new Random(1), 4, 6), TensorType.F32)
        .add("quantized.weight", Nd4j.createFromArray(new int[][] {{1, 2}}), TensorType.I32)
        .write(base);
    try (LoraAdapter transposed = plain("q", 4, 6);
        LoraAdapter quantized = plain("quantized", 2, 1);
        LoraAdapter good = plain("q", 6, 4)) {
      assertThatThrownBy(() -> LoraMerger.of(transposed).merge(base, out))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContainingAll("'q.weight'", "[4, 6]", "[6, 4]");
      assertThatThrownBy(() -> LoraMerger.of(quantized).merge(base, out))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("'quantized.weight'", "I32");
      assertThatThrownBy(() -> LoraMerger.of(good).merge(base, base))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("base itself");
      assertThatThrownBy(() -> LoraMerger.of(good).scale(Double.NaN))
          .isInstanceOf(InvalidInputException.class);
      assertThatThrownBy(() -> LoraMerger.of(good).merge(folder.resolve("none"), out))
          .isInstanceOf(FileAccessException.class)
          .hasMessageContaining("none");
      assertThat(out).doesNotExist();
    }
  }

  @Test
  @DisplayName("leaves nothing behind when it is interrupted")
  void interruption() throws IOException {
    // given
    Path base = base(TensorType.BF16);
    try (LoraAdapter adapter = adapter(4)) {
      LoraMerger merger =
          LoraMerger.of(adapter).listener((done, total) -> Thread.currentThread().interrupt());
      // when, then
      assertThatThrownBy(() -> merger.merge(base, folder.resolve("merged.safetensors")))
          .isInstanceOf(DragAndDropException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(base);
    }
  }

  @Nested
  @DisplayName("of a model directory")
  class Directory {

    private Path model;

    /** Two shards with an index, what goes with them, and what does not go into the result. */
    private void sharded() throws IOException {
      model = Files.createDirectories(folder.resolve("model"));
      Random random = new Random(1);
      new SafetensorsWriter()
          .add(Q + ".weight", random(random, 32, 48), TensorType.BF16)
          .metadata(Map.of("format", "pt"))
          .write(model.resolve("model-00001-of-00002.safetensors"));
      new SafetensorsWriter()
          .add(UP + ".weight", random(random, 80, 48), TensorType.BF16)
          .add("model.norm.weight", random(random, 1, 48), TensorType.F32)
          .write(model.resolve("model-00002-of-00002.safetensors"));
      index("00002-of-00002");
      Files.writeString(model.resolve("config.json"), "{}");
      Files.createDirectories(model.resolve("1_Pooling"));
      Files.writeString(model.resolve("1_Pooling/config.json"), "{\"pooling\": 1}");
      Files.writeString(model.resolve("pytorch_model.bin"), "old weights");
      Files.writeString(model.resolve(".gitattributes"), "hidden");
    }

    private void index(String shardOfNorm) throws IOException {
      Files.writeString(
          model.resolve("model.safetensors.index.json"),
          """
          {"metadata": {"total_size": 1}, "weight_map": {
            "%s.weight": "model-00001-of-00002.safetensors",
            "%s.weight": "model-00002-of-00002.safetensors",
            "model.norm.weight": "model-%s.safetensors"}}
          """
              .formatted(Q, UP, shardOfNorm));
    }

    @Test
    @DisplayName("keeps shards, index and configuration, and leaves out weights in other formats")
    void shards() throws IOException {
      // given
      sharded();
      Path out = folder.resolve("merged");
      try (LoraAdapter adapter = adapter(4)) {
        // when
        MergeSummary summary = LoraMerger.of(adapter).merge(model, out);
        // then
        try (var files = Files.walk(out)) {
          assertThat(files.filter(Files::isRegularFile).map(out::relativize).map(Path::toString))
              .containsExactlyInAnyOrder(
                  "model-00001-of-00002.safetensors",
                  "model-00002-of-00002.safetensors",
                  "model.safetensors.index.json",
                  "config.json",
                  Path.of("1_Pooling", "config.json").toString());
        }
        assertThat(out.resolve("model.safetensors.index.json"))
            .hasSameBinaryContentAs(model.resolve("model.safetensors.index.json"));
        assertThat(summary.leftOut()).containsExactly(Path.of("pytorch_model.bin"));
        assertThat(summary.mergedTensors()).isEqualTo(2);
        assertThat(summary.copiedTensors()).isEqualTo(1);
        String first = "model-00001-of-00002.safetensors";
        String second = "model-00002-of-00002.safetensors";
        assertClose(
            read(out.resolve(first), Q + ".weight"),
            expected(model.resolve(first), adapter, Q, 1),
            0x1p-8);
        assertClose(
            read(out.resolve(second), UP + ".weight"),
            expected(model.resolve(second), adapter, UP, 1),
            0x1p-8);
      }
    }

    @Test
    @DisplayName("takes a single file too")
    void single() throws IOException {
      model = Files.createDirectories(folder.resolve("single"));
      Files.move(base(TensorType.F16), model.resolve("model.safetensors"));
      try (LoraAdapter adapter = adapter(4)) {
        LoraMerger.of(adapter).merge(model, folder.resolve("merged"));
        assertThat(read(folder.resolve("merged/model.safetensors"), Q + ".weight")).hasSize(1536);
      }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "00003-of-00002", "00001-of-00002"})
    @DisplayName("refuses an index that lies, and writes nothing")
    void badIndex(String shardOfNorm) throws IOException {
      sharded();
      index(shardOfNorm);
      try (LoraAdapter adapter = adapter(4)) {
        assertThatThrownBy(() -> LoraMerger.of(adapter).merge(model, folder.resolve("merged")))
            .isInstanceOfAny(FileFormatException.class, FileAccessException.class)
            .hasMessageContaining("model");
      }
      assertThat(folder.resolve("merged")).doesNotExist();
    }

    @Test
    @DisplayName("refuses a tensor that two shards have")
    void twice() throws IOException {
      sharded();
      new SafetensorsWriter()
          .add(Q + ".weight", random(new Random(1), 32, 48), TensorType.BF16)
          .add("model.norm.weight", random(new Random(1), 1, 48), TensorType.BF16)
          .write(model.resolve("model-00001-of-00002.safetensors"));
      try (LoraAdapter adapter = adapter(4)) {
        assertThatThrownBy(() -> LoraMerger.of(adapter).merge(model, folder.resolve("merged")))
            .isInstanceOf(FileFormatException.class)
            .hasMessageContainingAll("'model.norm.weight'", "again");
      }
    }

    @Test
    @DisplayName("refuses a place where something is, and a directory without weights")
    void places() throws IOException {
      sharded();
      Path empty = Files.createDirectories(folder.resolve("empty"));
      try (LoraAdapter adapter = adapter(4)) {
        assertThatThrownBy(() -> LoraMerger.of(adapter).merge(model, empty))
            .isInstanceOf(FileAccessException.class)
            .hasMessageContaining("exists already");
        assertThatThrownBy(() -> LoraMerger.of(adapter).merge(empty, folder.resolve("merged")))
            .isInstanceOf(FileAccessException.class)
            .hasMessageContainingAll("model.safetensors", "index");
      }
    }

    @Test
    @DisplayName("leaves nothing behind when it fails halfway")
    void failure() throws IOException {
      sharded();
      LoraConfig config = LoraConfig.of(2, 1e38, "base", LoraConfig.CAUSAL_LM);
      try (LoraAdapter adapter =
          adapter(config, new LoraModule(Q, 48, 32, 2), new LoraModule(UP, 48, 80, 2))) {
        assertThatThrownBy(
                () -> LoraMerger.of(adapter).scale(1e6).merge(model, folder.resolve("merged")))
            .isInstanceOf(DragAndDropException.class)
            .hasMessageContaining("infinite");
      }
      try (var files = Files.list(folder)) {
        assertThat(files).containsExactly(model);
      }
    }
  }
}
