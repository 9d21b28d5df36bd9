package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.dnd4j.FileAccessException;
import io.github.dnd4j.FileFormatException;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.LoraModule;
import io.github.dnd4j.lora.LoraWeights;
import io.github.dnd4j.lora.WeightPrecision;
import io.github.dnd4j.spi.AdapterFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PeftFormatTest {

  private static final String QUERY = "encoder.layer.0.attention.self.query";
  private static final String QUERY_A = "base_model.model." + QUERY + ".lora_A.weight";
  private static final String QUERY_B = "base_model.model." + QUERY + ".lora_B.weight";
  private static final String PLAIN_CONFIG = "'peft_type':'LORA','r':4,'lora_alpha':8";

  @TempDir Path folder;

  @Test
  void anAdapterComesBackFromItsDirectory() {
    Path directory = folder.resolve("adapter");
    try (LoraAdapter adapter = bertAdapter()) {
      adapter.save(directory, WeightPrecision.F32);

      try (LoraAdapter read = LoraAdapter.load(directory)) {
        assertThat(read.config()).isEqualTo(adapter.config());
        assertThat(read.modules()).isEqualTo(adapter.modules());
        assertThat(read.metadata()).isEqualTo(adapter.metadata());
        for (LoraModule module : adapter.modules()) {
          assertThat(read.weights(module.path()).a()).isEqualTo(adapter.weights(module.path()).a());
          assertThat(read.weights(module.path()).b()).isEqualTo(adapter.weights(module.path()).b());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void numbersAreStoredInTheChosenPrecision(WeightPrecision precision) {
    Path directory = folder.resolve("adapter");
    try (LoraAdapter adapter = bertAdapter()) {
      adapter.save(directory, precision);

      try (TensorFile file = TensorFile.open(directory.resolve("adapter_model.safetensors"));
          LoraAdapter read = LoraAdapter.load(directory)) {
        assertThat(file.tensors().get(QUERY_A).type()).hasToString(precision.name());
        double error =
            read.weights(QUERY).a().sub(adapter.weights(QUERY).a()).amaxNumber().doubleValue();
        assertThat(error).isLessThan(0x1p-8);
      }
    }
  }

  @Test
  void theConfigurationHasWhatLoadersNeed() throws IOException {
    Path directory = folder.resolve("adapter");
    try (LoraAdapter adapter = bertAdapter()) {
      adapter.save(directory);
    }

    JsonNode json = new ObjectMapper().readTree(directory.resolve("adapter_config.json").toFile());

    assertThat(json.get("peft_type").asText()).isEqualTo("LORA");
    assertThat(json.get("task_type").asText()).isEqualTo("FEATURE_EXTRACTION");
    assertThat(json.get("base_model_name_or_path").asText()).isEqualTo("some/bert");
    assertThat(json.get("r").isInt()).isTrue();
    assertThat(json.get("r").asInt()).isEqualTo(4);
    assertThat(json.get("lora_alpha").isInt()).isTrue();
    assertThat(json.get("lora_alpha").asInt()).isEqualTo(8);
    assertThat(json.get("lora_dropout").asDouble()).isEqualTo(0.1);
    assertThat(json.get("bias").asText()).isEqualTo("none");
    assertThat(json.get("fan_in_fan_out").asBoolean(true)).isFalse();
    assertThat(json.get("inference_mode").asBoolean()).isTrue();
    assertThat(json.get("use_rslora").asBoolean()).isTrue();
    assertThat(json.get("use_dora").asBoolean(true)).isFalse();
    assertThat(json.get("modules_to_save").isNull()).isTrue();
    assertThat(json.get("rank_pattern").toString()).isEqualTo("{\"intermediate.dense\":2}");
    assertThat(json.get("alpha_pattern").toString()).isEqualTo("{\"key\":2.5}");
    assertThat(json.get("target_modules"))
        .extracting(JsonNode::asText)
        .containsExactly("attention.output.dense", "intermediate.dense", "key", "query");
  }

  @Test
  void tensorsAreNamedAndMarkedAsPeftDoes() {
    Path directory = folder.resolve("adapter");
    try (LoraAdapter adapter = bertAdapter()) {
      adapter.save(directory);
    }

    try (TensorFile file = TensorFile.open(directory.resolve("adapter_model.safetensors"))) {
      assertThat(file.tensors().keySet()).startsWith(QUERY_A, QUERY_B).hasSize(8);
      assertThat(file.metadata()).containsEntry("format", "pt").containsEntry("seed", "7");
    }
  }

  @Test
  void theSameAdapterGivesTheSameBytes() throws IOException {
    try (LoraAdapter adapter = bertAdapter()) {
      adapter.save(folder.resolve("one"));
      adapter.save(folder.resolve("two"));
    }

    for (String name : new String[] {"adapter_config.json", "adapter_model.safetensors"}) {
      assertThat(folder.resolve("one").resolve(name))
          .hasSameBinaryContentAs(folder.resolve("two").resolve(name));
    }
  }

  @Test
  void readsWhatPeftItselfMayHaveWritten() throws IOException {
    // An adapter's name in the keys, other float types, null fields and fields of newer versions.
    Path directory =
        directory(
            PLAIN_CONFIG
                + ",'task_type':null,'base_model_name_or_path':null,'rank_pattern':null,"
                + "'modules_to_save':[],'loftq_config':{'a':[1]},'target_modules':'all-linear'");
    INDArray a = Nd4j.rand(DataType.DOUBLE, 4, 6);
    INDArray b = Nd4j.rand(DataType.FLOAT, 5, 4);
    new SafetensorsWriter()
        .add("base_model.model.x.q.lora_B.default.weight", b, TensorType.F16)
        .add("base_model.model.x.q.lora_A.default.weight", a, TensorType.F64)
        .write(directory.resolve("adapter_model.safetensors"));

    try (LoraAdapter read = LoraAdapter.load(directory)) {
      assertThat(read.modules()).containsExactly(new LoraModule("x.q", 6, 5, 4));
      assertThat(read.weights("x.q").a()).isEqualTo(a.castTo(DataType.FLOAT));
      assertThat(read.config().baseModel()).isEmpty();
      assertThat(read.config().taskType()).isEqualTo("CAUSAL_LM");
      assertThat(read.metadata()).isEmpty();
    }
  }

  @Test
  void readsAPyTorchFileWhereThereIsNoSafetensors() throws IOException {
    Path directory = directory("'peft_type':'LORA','r':2,'lora_alpha':4");
    try (InputStream in = PeftFormatTest.class.getResourceAsStream("adapter_model.bin")) {
      Files.copy(in, directory.resolve("adapter_model.bin"));
    }

    try (LoraAdapter read = LoraAdapter.load(directory)) {
      assertThat(read.modules()).containsExactly(new LoraModule("layers.0.q_proj", 3, 4, 2));
      assertThat(read.weights("layers.0.q_proj").a().toFloatMatrix())
          .isDeepEqualTo(new float[][] {{0, 1, 2}, {3, 4, 5}});
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "r:4,lora_alpha:8                                      | peft_type",
        "peft_type:'IA3',r:4,lora_alpha:8                      | IA3",
        "peft_type:'LORA',lora_alpha:8                         | 'r' is missing",
        "peft_type:'LORA',r:0,lora_alpha:8                     | rank must be at least 1",
        "peft_type:'LORA',r:4.5,lora_alpha:8                   | 'r' must be a whole number",
        "peft_type:'LORA',r:'4',lora_alpha:8                   | 'r' must be a whole number",
        "peft_type:'LORA',r:99999999999,lora_alpha:8           | 'r' must be a whole number",
        "peft_type:'LORA',r:4                                  | 'lora_alpha' is missing",
        "peft_type:'LORA',r:4,lora_alpha:1e999                 | alpha must be a finite number",
        "peft_type:'LORA',r:4,r:4,lora_alpha:8                 | Duplicate",
        "peft_type:'LORA',r:4,lora_alpha:8,use_dora:true       | use_dora",
        "peft_type:'LORA',r:4,lora_alpha:8,use_rslora:1        | 'use_rslora' must be true or",
        "peft_type:'LORA',r:4,lora_alpha:8,bias:'all'          | bias",
        "peft_type:'LORA',r:4,lora_alpha:8,fan_in_fan_out:true | fan_in_fan_out",
        "peft_type:'LORA',r:4,lora_alpha:8,lora_dropout:2      | dropout",
        "peft_type:'LORA',r:4,lora_alpha:8,modules_to_save:['h'] | modules_to_save",
        "peft_type:'LORA',r:4,lora_alpha:8,rank_pattern:{'.*q':4} | regular expressions",
        "peft_type:'LORA',r:4,lora_alpha:8,rank_pattern:{'q':'4'} | rank_pattern.q",
        "peft_type:'LORA',r:4,lora_alpha:8,alpha_pattern:{'a(b)':4} | regular expressions",
        "peft_type:'LORA',r:4,lora_alpha:8,alpha_pattern:[]    | alpha_pattern",
        "peft_type:'LORA',r:4,lora_alpha:8,x:" + DEEP + " | nesting",
        "peft_type:                                            | JSON"
      })
  void aConfigurationThatCannotBeMetIsRefused(String fields, String message) throws IOException {
    Path directory = directory(fields.replaceAll("(\\b[a-z_]*):", "'$1':"));
    write(directory, Map.of(QUERY_A, matrix(4, 6), QUERY_B, matrix(5, 4)));

    assertThatThrownBy(() -> LoraAdapter.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(directory.resolve("adapter_config.json").toString(), message);
  }

  private static final String DEEP = "[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]";

  @ParameterizedTest
  @CsvSource({
    "base_model.model.x.lora_magnitude_vector, DoRA",
    "base_model.model.x.lora_magnitude_vector.default.weight, DoRA",
    "base_model.model.x.modules_to_save.weight, whole module",
    "base_model.model.embed.lora_embedding_A, embeddings",
    "base_model.model.x.bias, bias",
    "base_model.model.x.lora_B.bias, bias",
    "base_model.model.x.weight, not expected",
    "model.x.lora_A.weight, not expected",
    "base_model.model.lora_A.weight, not expected",
    "base_model.model.other.lora_A.weight, no partner lora_B",
    "base_model.model.other.lora_B.weight, no partner lora_A"
  })
  void aTensorThatIsNoHalfOfAPairIsRefused(String key, String message) throws IOException {
    Path directory = directory(PLAIN_CONFIG);
    write(directory, Map.of(QUERY_A, matrix(4, 6), QUERY_B, matrix(5, 4), key, matrix(4, 4)));

    assertThatThrownBy(() -> LoraAdapter.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll("adapter_model.safetensors", "'" + key + "'", message);
  }

  @ParameterizedTest
  @CsvSource({
    "3, 6, 5, 4, lora_A",
    "4, 6, 5, 3, lora_B",
    "8, 6, 5, 8, lora_A",
    "6, 4, 4, 5, lora_A",
    "4, 0, 5, 4, lora_A"
  })
  void matricesOfAnotherRankAreRefused(int a0, int a1, int b0, int b1, String half)
      throws IOException {
    Path directory = directory(PLAIN_CONFIG);
    write(directory, Map.of(QUERY_A, matrix(a0, a1), QUERY_B, matrix(b0, b1)));

    assertThatThrownBy(() -> LoraAdapter.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll("adapter_model.safetensors", QUERY, half, "shape [");
  }

  @Test
  void tensorsThatAreNoFloatMatricesAreRefused() throws IOException {
    Path vector = directory(PLAIN_CONFIG);
    write(vector, Map.of(QUERY_A, Nd4j.rand(DataType.FLOAT, 4), QUERY_B, matrix(5, 4)));
    assertThatThrownBy(() -> LoraAdapter.load(vector))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(QUERY_A, "matrix");

    write(vector, Map.of(QUERY_A, matrix(4, 6).castTo(DataType.INT32), QUERY_B, matrix(5, 4)));
    assertThatThrownBy(() -> LoraAdapter.load(vector))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(QUERY_A, "I32");
  }

  @Test
  void oneMatrixUnderTwoNamesIsRefused() throws IOException {
    Path directory = directory(PLAIN_CONFIG);
    String other = QUERY_A.replace("lora_A", "lora_A.default");
    write(directory, Map.of(QUERY_A, matrix(4, 6), other, matrix(4, 6), QUERY_B, matrix(5, 4)));

    assertThatThrownBy(() -> LoraAdapter.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContainingAll(QUERY_A, other);
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    Path withoutTensors = directory(PLAIN_CONFIG);
    assertThatThrownBy(() -> LoraAdapter.load(withoutTensors))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContainingAll(withoutTensors.toString(), "adapter_model.safetensors");

    Path withoutConfig = Files.createDirectory(folder.resolve("no-config"));
    write(withoutConfig, Map.of(QUERY_A, matrix(4, 6), QUERY_B, matrix(5, 4)));
    assertThatThrownBy(() -> LoraAdapter.load(withoutConfig))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("adapter_config.json");
    assertThatThrownBy(() -> new PeftFormat().read(withoutConfig))
        .isInstanceOf(FileAccessException.class)
        .hasMessageContaining("adapter_config.json");

    assertThatThrownBy(() -> LoraAdapter.load(folder.resolve("nowhere")))
        .isInstanceOf(FileAccessException.class);
  }

  @Test
  void anEmptyTensorFileIsRefused() throws IOException {
    Path directory = directory(PLAIN_CONFIG);
    write(directory, Map.of());

    assertThatThrownBy(() -> LoraAdapter.load(directory))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("no LoRA tensors");
  }

  @Test
  void aDirectoryThatCannotBeWrittenLeavesNothingBehind() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    try (LoraAdapter adapter = bertAdapter()) {
      assertThatThrownBy(() -> adapter.save(file)).isInstanceOf(FileAccessException.class);
      assertThatThrownBy(() -> adapter.save(file.resolve("below")))
          .isInstanceOf(FileAccessException.class);
    }
    assertThat(folder).isDirectoryContaining(path -> path.equals(file));
    assertThat(folder.toFile().list()).containsExactly("file");
  }

  @Test
  void theFormatIsFoundAndTakesNamesWithoutAnotherEnding() {
    assertThat(AdapterFormat.all()).hasAtLeastOneElementOfType(PeftFormat.class);
    PeftFormat format = new PeftFormat();
    assertThat(format.name()).isEqualTo("peft");
    for (String name : List.of("adapter", "my-adapter.v2", "gguf", "a/b/step-100")) {
      assertThat(format.accepts(Path.of(name))).as(name).isTrue();
    }
    for (String name : List.of("adapter.gguf", "A.GGUF", "x.safetensors", "x.pth")) {
      assertThat(format.accepts(Path.of(name))).as(name).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"experts.3.dense", "dense"})
  void aGenericNameIsListedWithWhatFollowsTheFirstLayerNumber(String tail) {
    LoraConfig config = LoraConfig.of(2, 4, "base", LoraConfig.CAUSAL_LM);
    try (LoraAdapter adapter =
        new LoraAdapter(config, Map.of("model.layers.11." + tail, pair(2, 4, 4)), Map.of())) {
      assertThat(PeftConfig.targetModules(adapter)).containsExactly(tail);
    }
    try (LoraAdapter adapter =
        new LoraAdapter(config, Map.of("pooler.dense", pair(2, 4, 4)), Map.of())) {
      assertThat(PeftConfig.targetModules(adapter)).containsExactly("pooler.dense");
    }
  }

  /** Rank-stabilized, with one module of another rank and one of another alpha. */
  private static LoraAdapter bertAdapter() {
    LoraConfig config =
        new LoraConfig(
            4,
            8,
            true,
            0.1,
            "some/bert",
            LoraConfig.FEATURE_EXTRACTION,
            Map.of("intermediate.dense", 2),
            Map.of("key", 2.5));
    Map<String, LoraWeights> weights = new LinkedHashMap<>();
    weights.put(QUERY, pair(4, 6, 5));
    weights.put("encoder.layer.0.attention.self.key", pair(4, 6, 6));
    weights.put("encoder.layer.0.attention.output.dense", pair(4, 8, 6));
    weights.put("encoder.layer.1.intermediate.dense", pair(2, 6, 12));
    return new LoraAdapter(config, weights, Map.of("seed", "7", "generator", "test"));
  }

  private static LoraWeights pair(int rank, int in, int out) {
    return new LoraWeights(matrix(rank, in), matrix(out, rank));
  }

  private static INDArray matrix(long rows, long columns) {
    return rows * columns == 0
        ? Nd4j.create(DataType.FLOAT, rows, columns)
        : Nd4j.rand(DataType.FLOAT, rows, columns);
  }

  private Path directory(String fields) throws IOException {
    Path directory = Files.createTempDirectory(folder, "adapter");
    Files.writeString(
        directory.resolve("adapter_config.json"), ("{" + fields + "}").replace('\'', '"'));
    return directory;
  }

  private static void write(Path directory, Map<String, INDArray> tensors) {
    SafetensorsWriter writer = new SafetensorsWriter();
    tensors.forEach(
        (name, tensor) -> writer.add(name, tensor, TensorType.of(tensor.dataType()).orElseThrow()));
    writer.write(directory.resolve("adapter_model.safetensors"));
  }
}
