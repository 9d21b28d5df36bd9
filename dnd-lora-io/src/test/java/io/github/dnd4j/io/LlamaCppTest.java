package io.github.dnd4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import io.github.dnd4j.lora.LoraAdapter;
import io.github.dnd4j.lora.LoraConfig;
import io.github.dnd4j.lora.WeightPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** llama.cpp loads the adapters, and they do there what they do by plain arithmetic. */
class LlamaCppTest {

  private static final String TEXT = "the tiny model reads this";

  /** Tokens whose logits are looked at. */
  private static final String LETTERS = "aeGk7";

  /** Of leads of 3 to 25, which are found to 1e-4; float32 on both sides. */
  private static final double TOLERANCE = 5e-4;

  private static final LoraConfig CONFIG = LoraConfig.of(4, 8, "some/model", LoraConfig.CAUSAL_LM);

  @TempDir Path folder;

  /** Otherwise the binding unpacks itself under one name for all, and tidies up around it. */
  @BeforeAll
  static void giveTheBindingAFolderOfItsOwn() throws IOException {
    Path unpacked = Files.createDirectories(Path.of("target", "llama"));
    System.setProperty("de.kherud.llama.tmpdir", unpacked.toAbsolutePath().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "llama"})
  @DisplayName("base and adapter give what the base with B @ A * scale added gives")
  void anAdapterHasTheEffectOfItsMatrices(String architecture) {
    TinyModel base = TinyModel.causal(architecture, 1);
    Path baseFile = base.write(folder.resolve("base.gguf"));
    try (LoraAdapter adapter = base.adapter(CONFIG, 2)) {
      Path adapterFile = write(adapter, architecture, WeightPrecision.F32);
      TinyModel merged = base.with(adapter);
      Path mergedFile = merged.write(folder.resolve("merged.gguf"));

      double[] alone = leads(parameters(baseFile));
      double[] adapted = leads(parameters(baseFile).addLoraAdapter(adapterFile.toString()));

      assertThat(adapted).containsExactly(leads(parameters(mergedFile)), within(TOLERANCE));
      assertThat(adapted).containsExactly(leads(merged), within(TOLERANCE));
      assertThat(alone).containsExactly(leads(base), within(TOLERANCE));
      assertThat(farthest(adapted, alone)).isGreaterThan(1);
    }
  }

  @Test
  @DisplayName("rsLoRA, ranks and alphas of single modules keep their scales")
  void scalesThatTheFileCannotSayAreKept() {
    TinyModel base = TinyModel.causal("qwen2", 1);
    Path baseFile = base.write(folder.resolve("base.gguf"));
    LoraConfig config =
        new LoraConfig(
            4,
            3,
            true,
            0,
            "some/model",
            LoraConfig.CAUSAL_LM,
            Map.of("q_proj", 2, "mlp.up_proj", 6),
            Map.of("model.layers.1.self_attn.v_proj", 5.0, "down_proj", 0.5));
    try (LoraAdapter adapter = base.adapter(config, 2)) {
      Path adapterFile = write(adapter, "qwen2", WeightPrecision.F32);

      double[] adapted = leads(parameters(baseFile).addLoraAdapter(adapterFile.toString()));

      assertThat(adapted).containsExactly(leads(base.with(adapter)), within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @CsvSource({"F16, 0.02", "BF16, 0.15"})
  @DisplayName("16 bits are loaded; llama.cpp rounds what it multiplies them with as well")
  void sixteenBitsHaveNearlyTheEffectOfWhatIsRead(WeightPrecision precision, double tolerance) {
    TinyModel base = TinyModel.causal("qwen2", 1);
    Path baseFile = base.write(folder.resolve("base.gguf"));
    try (LoraAdapter adapter = base.adapter(CONFIG, 2)) {
      Path adapterFile = write(adapter, "qwen2", precision);
      try (LoraAdapter rounded = LoraAdapter.load(adapterFile)) {
        double[] adapted = leads(parameters(baseFile).addLoraAdapter(adapterFile.toString()));

        assertThat(adapted).containsExactly(leads(base.with(rounded)), within(tolerance));
      }
    }
  }

  /** The binding applies adapters to the completion of texts only, so this is all that it shows. */
  @Test
  @DisplayName("a sentence encoder's adapter is loaded: its names and shapes are the model's")
  void anAdapterOfBertIsLoaded() {
    TinyModel base = TinyModel.bert(1);
    Path baseFile = base.write(folder.resolve("base.gguf"));
    try (LoraAdapter adapter = base.adapter(CONFIG, 2);
        LoraAdapter other =
            GgufFormatTest.adapter(CONFIG, "encoder.layer.1.intermediate.dense", 48, 32)) {
      Path adapterFile = folder.resolve("adapter.gguf");
      adapter.save(adapterFile);
      try (LlamaModel model =
          new LlamaModel(
              parameters(baseFile).addLoraAdapter(adapterFile.toString()).enableEmbedding())) {
        assertThat(model.embed("a tiny model")).hasSize(TinyModel.HIDDEN);
      }

      other.save(adapterFile);
      assertRefused(baseFile, adapterFile);
    }
  }

  @Test
  @DisplayName("an adapter for another model is refused with an error, and the next one loaded")
  void anAdapterForAnotherModelIsRefused() {
    TinyModel base = TinyModel.causal("qwen2", 1);
    Path baseFile = base.write(folder.resolve("base.gguf"));
    String query = ".self_attn.q_proj";
    try (LoraAdapter adapter = base.adapter(CONFIG, 2);
        LoraAdapter wide = GgufFormatTest.adapter(CONFIG, "model.layers.0" + query, 40, 32);
        LoraAdapter deep = GgufFormatTest.adapter(CONFIG, "model.layers.7" + query, 32, 32)) {
      assertRefused(baseFile, write(adapter, "llama", WeightPrecision.F32));
      assertRefused(baseFile, write(wide, "qwen2", WeightPrecision.F32));
      assertRefused(baseFile, write(deep, "qwen2", WeightPrecision.F32));

      Path right = write(adapter, "qwen2", WeightPrecision.F32);
      try (LlamaModel model =
          new LlamaModel(parameters(baseFile).addLoraAdapter(right.toString()))) {
        assertThat(model.encode("the")).hasSize(2);
      }
    }
  }

  private static void assertRefused(Path base, Path adapter) {
    ModelParameters parameters = parameters(base).addLoraAdapter(adapter.toString());
    assertThatThrownBy(() -> new LlamaModel(parameters).close())
        .hasMessageContaining("could not load model");
  }

  private Path write(LoraAdapter adapter, String architecture, WeightPrecision precision) {
    Path file = folder.resolve("adapter.gguf");
    GgufArchitecture chosen =
        architecture.equals("llama")
            ? GgufArchitecture.llama(TinyModel.HEAD_SIZE)
            : GgufArchitecture.of(architecture);
    GgufFormat.forArchitecture(chosen).write(adapter, file, precision);
    return file;
  }

  private static ModelParameters parameters(Path model) {
    return new ModelParameters()
        .setModel(model.toString())
        .setCtxSize(64)
        .setThreads(1)
        .setThreadsBatch(1)
        .setCacheTypeK(CacheType.F32)
        .setCacheTypeV(CacheType.F32)
        .disableMmap()
        .skipWarmup()
        .disableLog();
  }

  /** By how much the best other token leads each letter's logit. */
  private static double[] leads(TinyModel model) {
    double[] logits = model.logits(TEXT);
    int end = logits.length - 1;
    return LETTERS
        .chars()
        .mapToDouble(
            letter -> {
              double best = Double.NEGATIVE_INFINITY;
              for (int token = 0; token < end; token++) {
                best = token == letter ? best : Math.max(best, logits[token]);
              }
              return best - logits[letter];
            })
        .toArray();
  }

  /** The same of a model in llama.cpp, where it is the bias with which the letter comes first. */
  private static double[] leads(ModelParameters parameters) {
    try (LlamaModel model = new LlamaModel(parameters)) {
      return LETTERS.chars().mapToDouble(letter -> lead(model, letter)).toArray();
    }
  }

  /** Each time anew: with its prompt cache the binding does not always say the same. */
  private static double lead(LlamaModel model, int letter) {
    double low = -64;
    double high = 64;
    while (high - low > 1e-4) {
      double middle = (low + high) / 2;
      String next =
          model.complete(
              new InferenceParameters(TEXT)
                  .setTemperature(0)
                  .setNPredict(1)
                  .setIgnoreEos(true)
                  .setCachePrompt(false)
                  .setTokenIdBias(Map.of(letter, (float) middle)));
      if (next.equals(Character.toString(letter))) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  private static double farthest(double[] a, double[] b) {
    double farthest = 0;
    for (int i = 0; i < a.length; i++) {
      farthest = Math.max(farthest, Math.abs(a[i] - b[i]));
    }
    return farthest;
  }
}
